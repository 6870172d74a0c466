"""The newest attestation counts, with cosign's own in between: a key without logs, and identities with them.

Needs `cosign` 3 and `docker-registry` on PATH, and loopback alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import pytest
from tests.support.commands import PASSWORD, Ran, place_keys, run
from tests.support.interop.bench import Image as SmallImage
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign
from tests.support.policies import finding, record
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.fake import FakeSigstore, Files

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

EMAIL: Final = "alice@mail.test"
FAILING: Final = [finding("CVE-2024-0001", "HIGH")]
PASSING: Final[list[dict[str, Any]]] = []


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


class ByKey:
    """One key, which both programs sign with, and no services."""

    def __init__(self, folder: Path, fake: FakeSigstore) -> None:
        del fake
        self.cosign = Cosign(folder, password=PASSWORD)

    def ours(self, name: str, image: str) -> None:
        ran = run("attest", "--key", "ours.key", "--type", "vuln", "--predicate", name, image)
        assert ran.code == 0, ran.err

    def theirs(self, name: str, image: str) -> None:
        config = ("--signing-config", "no-services.json")
        self.cosign("attest", "--yes", "--key", "ours.key", "--type", "vuln", "--predicate", name, *config, image)

    def verify(self, *flags: str) -> Ran:
        return run("verify-attestation", "--key", "ours.pub", "--type", "vuln", *flags)


class ByIdentity:
    """One person, whom both programs have certified and logged."""

    def __init__(self, folder: Path, fake: FakeSigstore) -> None:
        self.cosign = Cosign(folder, password=PASSWORD)
        self.files: Files = fake.write(folder, timestamps=True)
        services = ("--signing-config", str(self.files.signing_config), "--trusted-root", str(self.files.trusted_root))
        self.signing = ("--type", "vuln", "--yes", *services)
        self.fake = fake

    def token(self) -> tuple[str, str]:
        return "--identity-token", self.fake.instance.token(google(EMAIL))

    def ours(self, name: str, image: str) -> None:
        ran = run("attest", *self.signing, *self.token(), "--predicate", name, image)
        assert ran.code == 0, ran.err

    def theirs(self, name: str, image: str) -> None:
        self.cosign("attest", *self.signing, *self.token(), "--predicate", name, image)

    def verify(self, *flags: str) -> Ran:
        who = ("--certificate-identity", EMAIL, "--certificate-oidc-issuer", GOOGLE)
        root = ("--trusted-root", str(self.files.trusted_root))
        return run("verify-attestation", "--type", "vuln", *who, *root, *flags)


ORDERS: dict[str, tuple[tuple[tuple[str, bool], ...], bool, int]] = {
    "a failing scan, then a passing one": ((("ours", False), ("ours", True)), True, 1),
    "a passing scan, then a failing one": ((("ours", True), ("ours", False)), False, 1),
    "cosign's own in between, failing": ((("ours", False), ("theirs", False), ("ours", True)), True, 2),
    "cosign's own in between, passing": ((("ours", True), ("theirs", True), ("ours", False)), False, 2),
    "cosign's own is the newest, and passes": ((("ours", False), ("ours", False), ("theirs", True)), True, 2),
    "cosign's own is the newest, and fails": ((("ours", True), ("theirs", False)), False, 1),
}


@pytest.mark.parametrize("kind", [ByKey, ByIdentity], ids=["a key", "an identity"])
@pytest.mark.parametrize(("scans", "passes", "superseded"), ORDERS.values(), ids=ORDERS.keys())
def test_the_newest_decides(
    fallback_host: str,
    fake: FakeSigstore,
    here: Path,
    kind: type[ByKey | ByIdentity],
    scans: tuple[tuple[str, bool], ...],
    passes: bool,
    superseded: int,
) -> None:
    signers = kind(here, fake)
    image = SmallImage(fallback_host, f"newest-{kind.__name__.lower()}-{crc32(repr(scans).encode())}").reference
    first = datetime.now(UTC) - timedelta(minutes=len(scans))
    for number, (program, is_good) in enumerate(scans):
        finished = first + timedelta(minutes=number)
        document = record(PASSING if is_good else FAILING, finished=finished, complete=True)
        (here / "scan.json").write_text(json.dumps(document))
        getattr(signers, program)("scan.json", image)
    ran = signers.verify("--max-severity", "LOW", "--report", "json", image)
    assert (ran.code, ran.json["verified"]) == ((0, True) if passes else (7, False)), ran.err
    assert len(ran.json["images"][0]["superseded"]) == superseded
    assert ran.json.get("reason", "") == ("" if passes else "POLICY_SEVERITY")
    assert f"superseded, of {image.rpartition(':')[0]}@" in ran.err
    by_word = {each["bySignersWord"] for each in ran.json["images"][0]["superseded"]}
    assert by_word == {kind is ByKey}
    assert signers.verify("--max-severity", "LOW", "--all", image).code == 7
    assert len(signers.verify(image).lines) == len(scans)
