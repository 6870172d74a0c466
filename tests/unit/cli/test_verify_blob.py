"""`verify-blob-attestation`: who passes, in which file, and every forgery with its reason."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.commands import Ran, place_keys, run
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.cosign import BLOB, STATEMENT, statement_about
from tests.support.sigstore.entries import base64_text
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation
from tests.support.sigstore.older import older
from tests.support.sigstore.signing import Signed, sign_blob, sign_envelope

V1, V2 = Generation.V1, Generation.V2
ALICE = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
ROOT = ("--trusted-root", "trusted_root.json")
HEX = hashlib.sha256(BLOB).hexdigest()
WAYS: dict[str, dict[str, Any]] = {
    "log 1": {"log": V1},
    "log 1 and a timestamp": {"log": V1, "timestamp": True},
    "log 2 and a timestamp": {"log": V2, "timestamp": True},
    "version 0.1": {"log": V1, "version": 1},
    "version 0.2": {"log": V1, "version": 2},
}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blob").write_bytes(BLOB)
    fake.write(tmp_path)
    return tmp_path


def verify(*arguments: str, stdin: bytes = b"") -> Ran:
    return run("verify-blob-attestation", "--type", "vuln", *arguments, stdin=stdin)


def place(signed: Signed, folder: Path) -> Signed:
    """The bundle, and the public key of who signed."""
    (folder / "b.json").write_bytes(signed.data)
    pem = signed.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pub").write_bytes(pem)
    return signed


class TestWhatPasses:
    @pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
    def test_an_identity(self, fake: FakeSigstore, here: Path, way: dict[str, Any]) -> None:
        place(sign_envelope(fake.instance, STATEMENT, **way), here)
        ran = verify(*ALICE, *ROOT, "--bundle", "b.json", "--offline", "blob")
        assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (0, "", "Verified OK"), ran.err
        assert ran.err.splitlines()[:3] == [
            f"verified blob (sha256:{HEX}):",
            f"  - signed by `alice@gmail.test`, for whom `{GOOGLE}` vouched",
            "  - the statement is about this file's digest",
        ]

    @pytest.mark.parametrize("way", [{"log": None}, *WAYS.values()], ids=["no log", *WAYS])
    def test_a_key_alone(self, fake: FakeSigstore, here: Path, way: dict[str, Any]) -> None:
        place(sign_envelope(fake.instance, STATEMENT, managed=True, **way), here)
        ran = verify("--key", "key.pub", "--bundle", "b.json", "--offline", "blob")
        assert (ran.code, "  - not checked: transparency log: " in ran.err) == (0, True), ran.err
        assert (0, 7)[not way["log"]] == verify(
            "--key", "key.pub", *ROOT, "--require-log", "--bundle", "b.json", "blob"
        ).code

    def test_older_files(self, fake: FakeSigstore, here: Path) -> None:
        older(sign_envelope(fake.instance, STATEMENT, timestamp=True), here)
        assert verify(*ALICE, *ROOT, "--bundle", "old.json", "blob").code == 0
        parts = ("--signature", "envelope", "--certificate", "certificate", "--rfc3161-timestamp", "timestamp")
        ran = verify(*ALICE, *ROOT, *parts, "--insecure-ignore-tlog", "--use-signed-timestamps", "blob")
        assert ran.code == 0, ran.err
        assert verify(*ALICE, *ROOT, *parts, "blob").first.startswith("error [NO_LOG_ENTRY]")

    def test_what_attest_blob_writes_in_both_formats(self, here: Path) -> None:
        place_keys(here)
        signing = ("attest-blob", "--key=ours.key", "--type=vuln", "--predicate=vuln.json")
        assert run(*signing, "--bundle=new.json", "blob").code == 0
        old = run(*signing, "--bundle=old.json", "--new-bundle-format=false", "blob")
        (here / "envelope").write_text(old.out)
        for file in ("--bundle=new.json", "--bundle=old.json", "--signature=envelope"):
            assert verify("--key=ours.pub", file, "blob").code == 0

    def test_the_file_on_stdin_by_its_digest_or_not_at_all(self, fake: FakeSigstore, here: Path) -> None:
        place(sign_envelope(fake.instance, STATEMENT, managed=True), here)
        given = ("--key", "key.pub", "--bundle", "b.json")
        assert verify(*given, "-", stdin=BLOB).code == 0
        assert verify(*given, "--digest", HEX.upper(), "--digestAlg", "sha256").code == 0
        assert verify(*given, "--digest", f"sha256:{HEX}").code == 0
        unchecked = verify(*given, "--check-claims=false")
        assert (unchecked.code, "which file it is about was NOT checked" in unchecked.err) == (0, True)
        both = verify(*given, "--digest", "00" * 32, "blob")
        assert (both.code, both.first) == (0, "warning: `--digest` was ignored: the file itself is there")

    def test_a_statement_with_another_digest_alone(self, fake: FakeSigstore, here: Path) -> None:
        digest = hashlib.sha512(BLOB).hexdigest()
        statement = json.loads(STATEMENT) | {"subject": [{"digest": {"sha512": digest}}]}
        place(sign_envelope(fake.instance, json.dumps(statement).encode(), managed=True), here)
        assert verify("--key", "key.pub", "--bundle", "b.json", "blob").code == 0
        assert verify("--key", "key.pub", "--bundle", "b.json", "--digest", digest, "--digestAlg", "sha512").code == 0


def corrupt(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Put `value` at a dotted place of a bundle."""

    def change(bundle: dict[str, Any]) -> None:
        *path, last = name.split(".")
        for part in path:
            bundle = bundle[int(part)] if part.isdecimal() else bundle[part]  # type: ignore[index] # lists, too
        bundle[last] = value

    return change


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another payload": (
        corrupt("dsseEnvelope.payload", base64_text(statement_about("00" * 32))),
        "BAD_SIGNATURE",
    ),
    "another payload type": (corrupt("dsseEnvelope.payloadType", "text/plain"), "PAYLOAD_TYPE"),
    "no signature": (corrupt("dsseEnvelope.signatures", []), "SIGNATURE_COUNT"),
    "an unknown member": (corrupt("more", 1), "MALFORMED_BUNDLE"),
    "a version nobody knows": (
        corrupt("mediaType", "application/vnd.dev.sigstore.bundle.v0.4+json"),
        "BUNDLE_VERSION",
    ),
    "no log entry": (corrupt("verificationMaterial.tlogEntries", []), "NO_LOG_ENTRY"),
    "a promise for something else": (
        corrupt("verificationMaterial.tlogEntries.0.inclusionPromise.signedEntryTimestamp", "AAAA"),
        "BAD_PROMISE",
    ),
    "another log": (corrupt("verificationMaterial.tlogEntries.0.logId.keyId", "AAAA"), "UNKNOWN_LOG"),
}


class TestForgeries:
    @pytest.mark.parametrize(("change", "reason"), FORGERIES.values(), ids=FORGERIES.keys())
    def test_a_tampered_bundle(
        self, fake: FakeSigstore, here: Path, change: Callable[[dict[str, Any]], None], reason: str
    ) -> None:
        signed = sign_envelope(fake.instance, STATEMENT)
        change(signed.bundle)
        place(signed, here)
        ran = verify(*ALICE, *ROOT, "--offline", "--bundle", "b.json", "--report", "json", "blob")
        assert (7, False, reason) == (ran.code, ran.json["verified"], ran.json["reason"]), ran.err

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            pytest.param(["other"], "SUBJECT_MISMATCH", id="another file"),
            pytest.param(["--digest", "00" * 32], "SUBJECT_MISMATCH", id="another digest"),
            pytest.param(["--digest", "00" * 64, "--digestAlg", "sha512"], "SUBJECT_MISMATCH", id="another kind"),
            pytest.param(["--type", "custom", "blob"], "WRONG_TYPE", id="another type"),
            pytest.param(["--certificate-identity", "bob@gmail.test", "blob"], "WRONG_IDENTITY", id="somebody else"),
        ],
    )
    def test_what_was_not_attested(self, fake: FakeSigstore, here: Path, arguments: list[str], reason: str) -> None:
        place(sign_envelope(fake.instance, STATEMENT), here)
        (here / "other").write_bytes(BLOB + b"!")
        who = ALICE if "--certificate-identity" not in arguments else ALICE[2:]
        ran = verify(*who, *ROOT, "--bundle", "b.json", *arguments)
        assert (ran.code, ran.out, ran.first.startswith(f"error [{reason}]")) == (7, "", True), ran.err

    def test_keys_and_certificates_do_not_stand_in_for_each_other(self, fake: FakeSigstore, here: Path) -> None:
        place(sign_envelope(fake.instance, STATEMENT), here)
        ran = verify("--key", "key.pub", "--bundle", "b.json", "blob")
        assert (ran.code, ran.first.startswith("error [CERTIFICATE_NOT_KEY]")) == (7, True)
        place(sign_envelope(fake.instance, STATEMENT, managed=True), here)
        ran = verify(*ALICE, *ROOT, "--bundle", "b.json", "blob")
        assert (ran.code, ran.first.startswith("error [KEY_NOT_CERTIFICATE]")) == (7, True)

    def test_the_key_in_an_older_file_proves_nothing(self, fake: FakeSigstore, here: Path) -> None:
        mallory = sign_envelope(fake.instance, STATEMENT, managed=True, log=None)
        pem = place(mallory, here).key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        local = {"base64Signature": base64_text(mallory.envelope), "cert": base64_text(pem)}
        (here / "old.json").write_text(json.dumps(local))
        place_keys(here)
        ran = verify("--key=ours.pub", "--bundle=old.json", "blob")
        assert (ran.code, ran.first.startswith("error [BAD_SIGNATURE]")) == (7, True), ran.err
        alice = verify(*ALICE, *ROOT, "--bundle=old.json", "--insecure-ignore-tlog", "blob")  # cosign 3.1.2 believes it
        assert (alice.code, alice.first.startswith("error [KEY_NOT_CERTIFICATE]")) == (7, True), alice.err
        nobody = verify(*ROOT, "--bundle=old.json", "blob")
        assert (nobody.code, nobody.first.startswith("error [KEY_NOT_CERTIFICATE]")) == (7, True), nobody.err

    def test_a_signature_over_the_file_itself_is_no_attestation(self, fake: FakeSigstore, here: Path) -> None:
        place(sign_blob(fake.instance, BLOB), here)
        ran = verify(*ALICE, *ROOT, "--bundle", "b.json", "blob")
        assert (ran.code, ran.first.startswith("error [NOT_AN_ENVELOPE]")) == (7, True), ran.err


class TestNobodyNamed:
    def test_the_signer_is_shown_and_nothing_is_proven(self, fake: FakeSigstore, here: Path) -> None:
        place(sign_envelope(fake.instance, STATEMENT), here)
        ran = verify(*ROOT, "--bundle", "b.json", "--report", "json", "blob")
        assert (ran.code, ran.json["reason"]) == (7, "IDENTITY_REQUIRED"), ran.err
        assert ran.json["signers"] == [{"identity": "alice@gmail.test", "issuer": GOOGLE}]
        assert [ran.json["digest"].removeprefix("sha256:")] == [HEX]
        command = shlex.split(
            ran.err.partition("assaymark verify-blob")[1] + ran.err.partition("assaymark verify-blob")[2]
        )
        assert run(*command[1:]).code == 0

    def test_anybody_will_do_when_that_is_said(self, fake: FakeSigstore, here: Path) -> None:
        place(sign_envelope(fake.instance, STATEMENT), here)
        assert verify(*ROOT, "--any-identity", "--bundle", "b.json", "blob").code == 0


class TestReports:
    def test_for_programs(self, fake: FakeSigstore, here: Path) -> None:
        place(sign_envelope(fake.instance, STATEMENT, timestamp=True), here)
        document = verify(*ALICE, *ROOT, "--bundle", "b.json", "--report", "json", "blob").json
        (found,) = document.pop("attestations")
        assert {"verified": True, "blob": "blob", "digest": f"sha256:{HEX}", "policy": []} == document
        assert (found["signer"]["identity"], found["record"]["database"]["version"]) == ("alice@gmail.test", "2")
        assert all(check["passed"] for check in found["checks"])

    def test_for_people(self, fake: FakeSigstore, here: Path) -> None:
        place(sign_envelope(fake.instance, STATEMENT, timestamp=True), here)
        lines = verify(*ALICE, *ROOT, "--bundle", "b.json", "--report", "text", "blob").lines
        assert f"file        blob (sha256:{HEX})" == lines[0]
        assert any(line.startswith("scanner ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["blob"], "give the attestation with `--bundle`, or an envelope alone with `--signature`", id="no"
        ),
        pytest.param(["--bundle=b.json"], "there is no BLOB", id="no file"),
        pytest.param(["--bundle=-", "-"], "stdin can be read once: BLOB or what is said of it", id="stdin twice"),
        pytest.param(
            ["--bundle=b.json", "--digest=zz", "--digestAlg=md5"], "`md5:zz` is not a digest", id="another algorithm"
        ),
        pytest.param(
            ["--bundle=b.json", "--check-claims=false", "--digestAlg=sha256"],
            "`--digestAlg` needs `--digest`",
            id="alg",
        ),
        pytest.param(
            ["--bundle=b.json", "--certificate=trusted_root.json", "blob"],
            "`b.json` is no envelope, and a bundle holds its certificate and its timestamps itself",
            id="a certificate besides a bundle",
        ),
        pytest.param(
            ["--bundle=b.json", "--ca-roots=x", "blob"],
            "`--ca-roots`: authorities in files of their own are not supported by this version",
            id="authorities besides",
        ),
    ],
)
def test_usage(fake: FakeSigstore, here: Path, arguments: list[str], message: str) -> None:
    place(sign_envelope(fake.instance, STATEMENT), here)
    ran = verify(*ALICE, *ROOT, *arguments)
    assert (2, "", f"error: {message}") == (ran.code, ran.out, ran.first)


def test_a_file_that_is_nothing_of_the_kind_is_named_once(here: Path) -> None:
    place_keys(here)
    ran = run("verify-blob-attestation", "--key", "ours.pub", "--bundle", "ours.pub", "blob")
    assert (ran.code, ran.first[:54]) == (7, "error [MALFORMED_BUNDLE]: `ours.pub` is not acceptable"), ran.err
