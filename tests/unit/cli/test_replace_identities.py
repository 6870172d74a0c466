"""`attest --replace` where services sign: whose attestations go is what their certificates and logs prove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.fake import FakeSigstore

CONFIGURED = ("--signing-config=signing_config.json", "--trusted-root=trusted_root.json", "-y")
ALICE, BOB = "alice@gmail.test", "bob@gmail.test"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSigstore]:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    with FakeSigstore() as running:
        running.write(tmp_path)
        yield running


@pytest.fixture
def image() -> Iterator[str]:
    with MemoryRegistry() as registry:
        yield place_image(registry)[0]


def sign(fake: FakeSigstore, image: str, *flags: str, who: str = "", key: str = "") -> Ran:
    environ = {"ASSAYMARK_CACHE_DIR": "cache", "SIGSTORE_ID_TOKEN": fake.instance.token(google(who))}
    return attest(*CONFIGURED, "--attestation-format=both", *flags, image, key=key, environ=environ)


def signed(image: str, *who: str) -> int:
    flags = ("--type=vuln", "--trusted-root=trusted_root.json")
    return len(run("verify-attestation", *flags, *who, image).lines)


def test_the_identitys_own_go(fake: FakeSigstore, image: str) -> None:
    for who in (ALICE, ALICE, BOB):
        assert sign(fake, image, who=who).code == 0
    assert sign(fake, image, key="ours.key").code == 0
    ran = sign(fake, image, "--replace", who=ALICE)
    assert (ran.code, "replaced 4 older attestations" in ran.err) == (0, True)
    counts = [signed(image, "--certificate-identity", who, "--certificate-oidc-issuer", GOOGLE) for who in (ALICE, BOB)]
    assert (counts, signed(image, "--key=ours.pub")) == ([2, 2], 2)


def test_a_keys_own_go_whether_they_are_logged_or_not(fake: FakeSigstore, image: str) -> None:
    assert attest(image, "--attestation-format=both").code == 0
    assert sign(fake, image, who=ALICE).code == 0
    ran = sign(fake, image, "--replace", key="ours.key")
    assert (ran.code, "replaced 2 older attestations" in ran.err) == (0, True)
    assert signed(image, "--key=ours.pub") == 2
    assert signed(image, "--certificate-identity", ALICE, "--certificate-oidc-issuer", GOOGLE) == 2
