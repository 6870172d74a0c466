"""Attestations of files: ours verified by real cosign, and cosign's verified here, in every format and way of logging.

Needs `cosign` 3 on PATH, and loopback alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.commands import Ran, run
from tests.support.peers import NEEDS_COSIGN
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.cosign import BLOB, STATEMENT, Cosign
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation

pytestmark = [pytest.mark.integration, NEEDS_COSIGN]
V1, V2 = Generation.V1, Generation.V2
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "log 1": {"logs": [V1]},
    "log 1 and a timestamp": {"logs": [V1], "timestamps": True},
    "log 2 and a timestamp": {"logs": [V2], "timestamps": True},
}
ALICE: Final = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
RECORD: Final = ("--type", "vuln", "--predicate", "vuln.json")
SERVICES: Final = ("--signing-config", "signing_config.json", "--trusted-root", "trusted_root.json")
VERIFYING: Final = ("verify-blob-attestation", "--type", "vuln")
ROOT: Final = ("--trusted-root", "trusted_root.json")
HEX: Final = hashlib.sha256(BLOB).hexdigest()


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    monkeypatch.chdir(tmp_path)
    made = Cosign(tmp_path, {"COSIGN_PASSWORD": "pass word"})
    (tmp_path / "statement.json").write_bytes(STATEMENT)
    (tmp_path / "no-services.json").write_text('{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}')
    return made


def ours(*arguments: str, code: int = 0, **environ: str) -> Ran:
    ran = run(*arguments, environ={"ASSAYMARK_CACHE_DIR": "cache", **environ})
    assert code == ran.code, ran.err
    return ran


def theirs(cosign: Cosign, *arguments: str) -> None:
    assert "Verified OK" in cosign(*VERIFYING, *arguments)


@pytest.mark.parametrize("way", WAYS)
def test_an_identitys_attestation_passes_on_both_sides(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str
) -> None:
    fake.write(tmp_path, **WAYS[way])
    signing = ("attest-blob", "--yes", *RECORD, *SERVICES)
    ours(*signing, "--bundle", "ours.json", "blob", SIGSTORE_ID_TOKEN=fake.instance.token(google()))
    cosign(*signing, "--identity-token", fake.instance.token(google()), "--bundle", "theirs.json", "blob")
    for bundle in ("ours.json", "theirs.json"):
        theirs(cosign, *ALICE, *ROOT, "--bundle", bundle, "blob")
        theirs(cosign, *ALICE, *ROOT, "--bundle", bundle, "--digest", HEX, "--digestAlg", "sha256")
        ours(*VERIFYING, *ALICE, *ROOT, "--bundle", bundle, "blob")
        ours(*VERIFYING, *ALICE, *ROOT, "--bundle", bundle, "--digest", HEX, "--digestAlg", "sha256")


@pytest.mark.parametrize("way", [None, *WAYS], ids=["no service", *WAYS])
def test_a_keys_attestation_passes_on_both_sides(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str | None
) -> None:
    fake.write(tmp_path, **WAYS[way] if way else {}, keyless=False)
    cosign("generate-key-pair")
    configured = SERVICES if way else ("--signing-config", "no-services.json")
    signing = ("attest-blob", "--yes", "--key", "cosign.key", *RECORD, *configured)
    ours(*signing, "--bundle", "ours.json", "blob")
    cosign(*signing, "--bundle", "theirs.json", "blob")
    logged = ROOT if way else ("--insecure-ignore-tlog",)
    for bundle in ("ours.json", "theirs.json"):
        theirs(cosign, "--key", "cosign.pub", *logged, "--bundle", bundle, "blob")
        ours(*VERIFYING, "--key", "cosign.pub", *logged, "--bundle", bundle, "blob")
        ours(*VERIFYING, "--key", "cosign.pub", "--bundle", bundle, "blob")
    if way:
        ours(*VERIFYING, "--key", "cosign.pub", *ROOT, "--require-log", "--bundle", "theirs.json", "blob")


def test_a_whole_statement_passes_on_both_sides(cosign: Cosign, tmp_path: Path) -> None:
    cosign("generate-key-pair")
    signing = ("attest-blob", "--yes", "--key", "cosign.key", "--statement", "statement.json")
    ours(*signing, "--bundle", "ours.json")
    cosign(*signing, "--signing-config", "no-services.json", "--bundle", "theirs.json")
    for bundle in ("ours.json", "theirs.json"):
        theirs(cosign, "--key", "cosign.pub", "--insecure-ignore-tlog", "--bundle", bundle, "blob")
        ours(*VERIFYING, "--key", "cosign.pub", "--bundle", bundle, "blob")


def test_older_files_of_a_key_pass_on_both_sides(cosign: Cosign, tmp_path: Path) -> None:
    cosign("generate-key-pair")
    signing = ("attest-blob", "--yes", "--key", "cosign.key", *RECORD, "--new-bundle-format=false")
    ours(*signing, "--bundle", "ours.json", "--output-signature", "ours.sig", "blob")
    cosign(
        *signing, "--tlog-upload=false", "--use-signing-config=false", "--bundle", "theirs.json", "--output-signature",
        "theirs.sig", "blob",
    )  # fmt: skip
    for name in ("ours", "theirs"):
        for flags in (("--bundle", f"{name}.json"), ("--signature", f"{name}.sig")):
            theirs(cosign, "--key", "cosign.pub", "--insecure-ignore-tlog", *flags, "blob")
            ours(*VERIFYING, "--key", "cosign.pub", *flags, "blob")


def test_older_files_of_an_identity_are_verified(fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
    fake.write(tmp_path)
    cosign(
        "attest-blob", "--yes", *RECORD, "--new-bundle-format=false", "--use-signing-config=false", "--fulcio-url",
        fake.url, "--rekor-url", fake.url, *ROOT, "--identity-token", fake.instance.token(google()), "--bundle",
        "theirs.json", "--output-signature", "theirs.sig", "--output-certificate", "theirs.pem", "blob",
    )  # fmt: skip
    ours(*VERIFYING, *ALICE, *ROOT, "--bundle", "theirs.json", "blob")
    refused = ours(
        *VERIFYING, *ALICE, *ROOT, "--signature", "theirs.sig", "--certificate", "theirs.pem", "blob", code=7
    )
    assert refused.first.startswith("error [NO_LOG_ENTRY]")  # those two files alone say nothing of a log


@pytest.mark.parametrize("name", ["blob!", "type"])
def test_both_refuse_what_was_not_attested(cosign: Cosign, tmp_path: Path, name: str) -> None:
    cosign("generate-key-pair")
    (tmp_path / "blob!").write_bytes(BLOB + b"!")
    ours("attest-blob", "--key", "cosign.key", *RECORD, "--bundle", "b.json", "blob")
    asked = ("--key", "cosign.pub", "--bundle", "b.json")
    kind, blob = ("custom", "blob") if name == "type" else ("vuln", "blob!")
    cosign("verify-blob-attestation", *asked, "--insecure-ignore-tlog", "--type", kind, blob, code=1)
    refused = ours("verify-blob-attestation", *asked, "--type", kind, blob, code=7)
    assert refused.first.startswith("error [WRONG_TYPE]" if name == "type" else "error [SUBJECT_MISMATCH]")


@pytest.mark.parametrize("way", WAYS)
def test_what_cosign_writes_can_be_inspected(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str) -> None:
    fake.write(tmp_path, **WAYS[way])
    token = fake.instance.token(google())
    cosign("attest-blob", "--yes", *RECORD, *SERVICES, "--identity-token", token, "--bundle", "b.json", "blob")
    told = ours("bundle", "inspect", "b.json", "--format", "json", *ROOT).json
    assert (told["verified"], told["signer"]["identity"], told["problems"]) == (False, "alice@gmail.test", [])
    assert [fake.url] == [entry["log"] for entry in told["logEntries"]]
    assert told["record"]["database"]["version"] == "2"
