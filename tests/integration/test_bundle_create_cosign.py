"""Bundles made of older files, here and by cosign: real cosign verifies ours, and both hold the same.

Needs `cosign` 3 on PATH, and loopback alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.commands import run
from tests.support.peers import NEEDS_COSIGN
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.cosign import BLOB, STATEMENT, Cosign
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation
from tests.support.sigstore.older import older
from tests.support.sigstore.signing import sign_envelope

from assaymark.attest.bundle import BUNDLE_V03

pytestmark = [pytest.mark.integration, NEEDS_COSIGN]
ALICE: Final = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
ROOT: Final = ("--trusted-root", "trusted_root.json")
VERIFYING: Final = ("verify-blob-attestation", "--type", "vuln")


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    monkeypatch.chdir(tmp_path)
    fake.write(tmp_path)
    made = Cosign(tmp_path, {"COSIGN_PASSWORD": "pass word"})
    (tmp_path / "blob").write_bytes(BLOB)
    return made


def ours(*arguments: str) -> None:
    ran = run(*arguments, environ={"ASSAYMARK_CACHE_DIR": "cache"})
    assert ran.code == 0, ran.err


def document(name: str) -> Any:
    return json.loads(Path(name).read_bytes())


@pytest.mark.parametrize("stamped", [False, True], ids=["a log", "a log and a timestamp"])
def test_an_identitys_older_bundle(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, stamped: bool) -> None:
    older(sign_envelope(fake.instance, STATEMENT, log=Generation.V1, timestamp=stamped), tmp_path)
    stamp = ("--rfc3161-timestamp", "timestamp") if stamped else ()
    ours(
        "bundle", "create", "--artifact=blob", "--bundle=old.json", *stamp, f"--rekor-url={fake.url}", "--out=ours.json"
    )
    assert "Verified OK" in cosign(*VERIFYING, *ALICE, *ROOT, "--bundle", "ours.json", "blob")
    ours(*VERIFYING, *ALICE, *ROOT, "--bundle", "ours.json", "blob")


def test_an_older_version_becomes_the_same_as_cosigns(fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
    signed = sign_envelope(fake.instance, STATEMENT, log=Generation.V1, timestamp=True, version=1)
    signed.bundle["verificationMaterial"]["tlogEntries"][0].pop("inclusionProof", None)
    (tmp_path / "old.json").write_bytes(signed.data)
    ours("bundle", "upgrade", "old.json", f"--rekor-url={fake.url}", "--out=ours.json")
    cosign("bundle", "upgrade", "old.json", f"--rekor-url={fake.url}", "--out=theirs.json")
    assert "Verified OK" in cosign(*VERIFYING, *ALICE, *ROOT, "--bundle", "ours.json", "blob")
    of_both = [document(name) for name in ("ours.json", "theirs.json")]
    for each in of_both:  # the log signs anew for everybody who asks
        entry = each["verificationMaterial"]["tlogEntries"][0]
        assert entry.pop("inclusionPromise")
        assert entry["inclusionProof"].pop("checkpoint")
    assert of_both[0] == of_both[1]


def test_parts_without_a_log_make_the_same_bundle(fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
    older(sign_envelope(fake.instance, STATEMENT, timestamp=True), tmp_path)
    parts = ("--artifact=blob", "--certificate=certificate", "--rfc3161-timestamp=timestamp", "--ignore-tlog")
    ours("bundle", "create", *parts, "--attestation=envelope", "--out=ours.json")
    evidence = ("--insecure-ignore-tlog", "--use-signed-timestamps")
    assert "Verified OK" in cosign(*VERIFYING, *ALICE, *ROOT, *evidence, "--bundle", "ours.json", "blob")


def test_a_keys_older_bundle(cosign: Cosign, tmp_path: Path) -> None:
    """cosign 3.1.2 takes the public key in it for a certificate, and makes nothing of it."""
    cosign("generate-key-pair")
    (tmp_path / "p.json").write_text("{}")
    signing = ("attest-blob", "--yes", "--key", "cosign.key", "--predicate", "p.json", "--new-bundle-format=false")
    cosign(*signing, "--tlog-upload=false", "--use-signing-config=false", "--bundle", "old.json", "blob")
    parts = ("--artifact=blob", "--bundle=old.json", "--key=cosign.pub", "--ignore-tlog")
    ours("bundle", "create", *parts, "--out=ours.json")
    assert "Verified OK" in cosign(
        "verify-blob-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", "--bundle", "ours.json", "blob"
    )


def test_a_signature_over_a_file(cosign: Cosign, tmp_path: Path) -> None:
    cosign("generate-key-pair")
    signing = ("sign-blob", "--yes", "--key", "cosign.key", "--new-bundle-format=false", "--tlog-upload=false")
    cosign(*signing, "--use-signing-config=false", "--output-signature", "sig", "blob")
    parts = ("--artifact=blob", "--signature=sig", "--key=cosign.pub", "--ignore-tlog")
    ours("bundle", "create", *parts, "--out=ours.json")
    cosign("bundle", "create", *parts, "--out=theirs.json")
    flags = ("--key", "cosign.pub", "--insecure-ignore-tlog")
    assert "Verified OK" in cosign("verify-blob", *flags, "--bundle", "ours.json", "blob")
    of_cosign = {**document("theirs.json"), "mediaType": BUNDLE_V03}  # it writes the older spelling of 0.3
    assert document("ours.json") == of_cosign
