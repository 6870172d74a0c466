"""`prune` for an identity: trusted time says what is newer, and whoever else signed keeps what they attached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.commands import run
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE, github, google
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

ALICE = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
MALLORY = ("--certificate-identity", "mallory@gmail.test", "--certificate-oidc-issuer", GOOGLE)
ROOT = ("--trusted-root", "trusted_root.json")
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSigstore]:
    monkeypatch.chdir(tmp_path)
    with FakeSigstore(clock=lambda: NOW - timedelta(hours=1)) as running:
        running.write(tmp_path)
        yield running


@pytest.fixture
def image() -> Iterator[Attested]:
    with MemoryRegistry() as registry:
        yield Attested(registry)


def sign(fake: FakeSigstore, image: Attested, *, minutes: int, account: str = "alice@gmail.test") -> None:
    """Attach an attestation that the log saw so many minutes ago."""
    fake.instance.clock = lambda: NOW - timedelta(minutes=minutes)
    image.attach(image.sign(fake.instance, account=google(account)))


def signed(image: Attested, who: tuple[str, ...] = ALICE) -> int:
    return len(run("verify-attestation", "--type=vuln", *ROOT, *who, image.text).lines)


def test_the_latest_by_trusted_time_stays(fake: FakeSigstore, image: Attested) -> None:
    for minutes in (20, 10, 30):
        sign(fake, image, minutes=minutes)
    sign(fake, image, minutes=40, account="mallory@gmail.test")
    listed = run("prune", *ROOT, *ALICE, "--dry-run", image.text)
    newest = (NOW - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (listed.code, [line.endswith(f"signed {newest}") for line in listed.lines]) == (0, [True, True])
    assert run("prune", *ROOT, *ALICE, "--force", image.text).code == 0
    assert (signed(image), signed(image, MALLORY)) == (1, 1)


def test_the_same_name_from_another_issuer_is_somebody_else(fake: FakeSigstore, image: Attested) -> None:
    sign(fake, image, minutes=10)
    fake.instance.clock = lambda: NOW - timedelta(minutes=20)
    image.attach(image.sign(fake.instance, account=github("alice@gmail.test")))
    ran = run("prune", *ROOT, *ALICE, "--force", image.text)
    assert (ran.code, "is superseded" in ran.err) == (0, True)


def test_what_the_log_did_not_promise_is_not_the_signers(fake: FakeSigstore, image: Attested) -> None:
    sign(fake, image, minutes=10)
    fake.instance.clock = lambda: NOW - timedelta(minutes=20)
    image.attach(image.sign(fake.instance, switches={Switch.BAD_SET}))
    assert run("prune", *ROOT, *ALICE, "--force", image.text).code == 0
    document = run("tree", "-o=json", image.text).json
    assert len(document["attachments"]) == 2
