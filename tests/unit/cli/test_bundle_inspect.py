"""`bundle inspect`: what is told of every kind of file, and of files in which something is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.commands import Ran, run
from tests.support.sigstore.accounts import GOOGLE, github_actions
from tests.support.sigstore.cosign import BLOB, STATEMENT
from tests.support.sigstore.entries import base64_text
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_blob, sign_envelope

HEX = hashlib.sha256(BLOB).hexdigest()
UNVERIFIED = "NOT VERIFIED: this is what the file says, and nothing of it has been checked"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    fake.write(tmp_path)
    return tmp_path


def inspect(signed: Signed | dict[str, Any] | bytes, *arguments: str) -> Ran:
    document = signed.data if isinstance(signed, Signed) else signed
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return run("bundle", "inspect", "-", "--trusted-root", "trusted_root.json", *arguments, stdin=data)


def told(signed: Signed | dict[str, Any] | bytes) -> Any:
    """The document for programs."""
    ran = inspect(signed, "--format", "json")
    assert ran.code == 0, ran.err
    assert ran.json.pop("verified") is False
    return ran.json


def test_an_identitys_bundle_for_programs(fake: FakeSigstore) -> None:
    signed = sign_envelope(fake.instance, STATEMENT, timestamp=True)
    found = told(signed)
    leaf, logged = signed.chain[0], signed.logged
    assert logged is not None
    assert found["signer"] | {"claims": {}} == {
        "kind": "certificate",
        "hint": "",
        "identity": "alice@gmail.test",
        "identityKind": "email",
        "issuer": GOOGLE,
        "claims": {},
        "notBefore": f"{leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "notAfter": f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "serial": f"{leaf.serial_number:x}",
        "issuedBy": leaf.issuer.rfc4514_string(),
        "sha256": hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest(),
    }
    assert found["statement"] == {
        "type": "https://in-toto.io/Statement/v1",
        "subjects": [{"name": "subject", "digests": {"sha256": HEX}}],
        "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "predicateBytes": len(json.dumps(json.loads(STATEMENT)["predicate"])),
        "extra": [],
    }
    (entry,) = found["logEntries"]
    assert (entry["log"], entry["index"], entry["kind"], entry["promise"]) == (
        fake.url,
        logged.index,
        "dsse 0.0.1",
        True,
    )
    imprint = f"sha256:{hashlib.sha256(signed.signature).hexdigest()}"
    assert [imprint] == [stamp["imprint"] for stamp in found["timestamps"]]
    assert (found["problems"], found["record"]["database"]["version"], found["format"]) == ([], "2", "bundle")


def test_an_identitys_bundle_for_people(fake: FakeSigstore) -> None:
    signed = sign_envelope(fake.instance, STATEMENT, account=github_actions(), log=Generation.V2, timestamp=True)
    lines = inspect(signed).lines
    assert lines[:2] == [UNVERIFIED, "file        application/vnd.dev.sigstore.bundle.v0.3+json"]
    assert any("github-workflow-repository: acme/app" in line for line in lines)
    assert f"subject     subject sha256:{HEX}" in lines
    assert any("hashedrekord 0.0.2, no time of its own, no promise, a proof for " in line for line in lines)
    assert any(line.startswith("scanner ") for line in lines)


@pytest.mark.parametrize("version", [1, 2], ids=["0.1", "0.2"])
def test_older_versions_and_their_chains(fake: FakeSigstore, version: int) -> None:
    signed = sign_envelope(fake.instance, STATEMENT, version=version)
    assert told(signed)["mediaType"] == f"application/vnd.dev.sigstore.bundle+json;version=0.{version}"
    assert "            and 1 certificate above it" in inspect(signed).lines


def test_a_keys_bundle_and_a_log_that_is_not_known(fake: FakeSigstore, here: Path) -> None:
    signed = sign_envelope(fake.instance, STATEMENT, managed=True)
    assert told(signed)["signer"]["kind"] == "key"
    ran = run("bundle", "inspect", "-", stdin=signed.data)  # the public-good instance knows no log of ours
    assert "a log that is not known, " in ran.out


def test_a_signature_of_a_file(fake: FakeSigstore) -> None:
    signed = sign_blob(fake.instance, BLOB)
    assert told(signed)["content"]["digest"] == f"SHA2_256:{HEX}"
    assert f"content     signature of a file with SHA2_256:{HEX}" in inspect(signed).lines


def test_what_cosign_wrote_before(fake: FakeSigstore) -> None:
    signed = sign_envelope(fake.instance, STATEMENT)
    noted = signed.annotations
    certificate = noted["dev.sigstore.cosign/certificate"].encode()
    local = {"base64Signature": base64_text(signed.envelope), "cert": base64_text(certificate)}
    found = told(local | {"rekorBundle": json.loads(noted["dev.sigstore.cosign/bundle"])})
    assert (found["format"], found["mediaType"], found["signer"]["identity"]) == ("legacy", "", "alice@gmail.test")
    assert "file        what cosign 1 and 2 wrote" in inspect(local).lines
    assert told(signed.envelope)["signer"] == told(local | {"cert": ""})["signer"]


def broken(signed: Signed, **parts: Any) -> dict[str, Any]:
    """A bundle with other parts in its material or its envelope."""
    bundle = signed.bundle
    for name in ("verificationMaterial", "dsseEnvelope"):
        bundle[name].update({key: value for key, value in parts.items() if key in bundle[name]})
    return bundle


def test_what_is_wrong_is_named_and_the_rest_told(fake: FakeSigstore) -> None:
    signed = sign_envelope(fake.instance, STATEMENT, timestamp=True)
    entry = signed.bundle["verificationMaterial"]["tlogEntries"][0]
    entry["inclusionProof"]["checkpoint"]["envelope"] = "no note"
    entry["integratedTime"] = str((1 << 63) - 1)
    parts = {
        "certificate": {"rawBytes": base64_text(b"no certificate")},
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": base64_text(b"no timestamp")}]},
        "payload": base64_text(b'{"_type": "\\u001b[31m"}'),
        "signatures": signed.bundle["dsseEnvelope"]["signatures"] * 2,
    }
    ran = inspect(broken(signed, **parts))
    assert (ran.code, "\x1b" in ran.out) == (0, False)
    problems = [line for line in ran.lines if line.startswith("problem")]
    assert [line.removeprefix("problem     ").partition(":")[0] for line in problems] == [
        "the statement is malformed",
        "the signing certificate is malformed",
        "there are 2 signatures; one is right",
        "the checkpoint of the log is malformed",
        "a log entry states the time 9223372036854775807, which is none",
        "a timestamp is malformed",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "MALFORMED_BUNDLE", id="nothing"),
        pytest.param(b"[]", "MALFORMED_BUNDLE", id="a list"),
        pytest.param(b'{"a":1,"a":2}', "DUPLICATE_KEYS", id="a key twice"),
        pytest.param(b'{"mediaType":"text/plain"}', "MALFORMED_BUNDLE", id="something else"),
        pytest.param(b'{"base64Signature":1}', "MALFORMED_BUNDLE", id="an older file of numbers"),
        pytest.param(b'{"base64signature":"","base64Signature":""}', "MALFORMED_BUNDLE", id="two spellings"),
        pytest.param(b'{"base64Signature":"e30="}', "MALFORMED_ENVELOPE", id="an older file without an envelope"),
        pytest.param(b'{"payload":"","signatures":1}', "MALFORMED_ENVELOPE", id="an envelope without signatures"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(data: bytes, reason: str) -> None:
    ran = inspect(data)
    assert (ran.code, ran.out, ran.first.startswith(f"error [{reason}]")) == (7, "", True), ran.err
