"""`bundle create`: what older programs kept in files, as one bundle, and what does not belong together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, Ran, place_keys, run
from tests.support.forgery import key
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.cosign import BLOB, STATEMENT
from tests.support.sigstore.entries import base64_text
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation
from tests.support.sigstore.older import older
from tests.support.sigstore.signing import sign_blob, sign_envelope

V1 = Generation.V1
ALICE = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
ROOT = ("--trusted-root", "trusted_root.json")


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blob").write_bytes(BLOB)
    (tmp_path / "other").write_bytes(b"other")
    place_keys(tmp_path)
    fake.write(tmp_path)
    return tmp_path


def create(*arguments: str) -> Ran:
    return run("bundle", "create", *arguments)


def test_an_older_bundle_gets_its_proof_from_the_log(fake: FakeSigstore, here: Path) -> None:
    older(sign_envelope(fake.instance, STATEMENT, log=V1, timestamp=True), here)
    ran = create(
        "--artifact=blob",
        "--bundle=old.json",
        "--rfc3161-timestamp=timestamp",
        f"--rekor-url={fake.url}",
        "--out=b.json",
    )
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    bundle = json.loads((here / "b.json").read_bytes())
    material = bundle["verificationMaterial"]
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert set(material) == {"certificate", "tlogEntries", "timestampVerificationData"}
    assert material["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"]
    assert (here / "b.json").stat().st_mode & 0o777 == 0o600
    verified = run("verify-blob-attestation", "--type=vuln", *ALICE, *ROOT, "--bundle=b.json", "--offline", "blob")
    assert verified.code == 0, verified.err


def test_parts_in_files_of_their_own(fake: FakeSigstore, here: Path) -> None:
    older(sign_envelope(fake.instance, STATEMENT, timestamp=True), here)
    parts = ("--attestation=envelope", "--certificate=certificate", "--rfc3161-timestamp=timestamp")
    ran = create("--artifact=blob", *parts, "--ignore-tlog")
    assert (ran.code, ran.err) == (0, "")
    (here / "b.json").write_text(ran.out)
    evidence = ("--insecure-ignore-tlog", "--use-signed-timestamps")
    verified = run("verify-blob-attestation", "--type=vuln", *ALICE, *ROOT, *evidence, "--bundle=b.json", "blob")
    assert verified.code == 0, verified.err


def test_a_key(here: Path) -> None:
    given = ("--key=ours.key", "--type=custom", "--predicate=blob", "--new-bundle-format=false", "--bundle=old.json")
    assert run("attest-blob", *given, "blob", environ={"COSIGN_PASSWORD": PASSWORD}).code == 0
    ran = create("--artifact=blob", "--bundle=old.json", "--key=ours.pub", "--ignore-tlog", "--out=b.json")
    assert (ran.code, ran.err) == (0, "")
    assert run("verify-blob-attestation", "--key=ours.pub", "--bundle=b.json", "blob").code == 0
    assert create("--artifact=blob", "--bundle=old.json", "--key=theirs.pub", "--ignore-tlog").code == 9


def test_a_signature_over_the_file(here: Path) -> None:
    (here / "sig").write_text(base64_text(key().sign(BLOB)) + "\n")
    (here / "its.pub").write_bytes(key().public.pem)
    ran = create("--artifact=blob", "--signature=sig", "--key=its.pub", "--ignore-tlog")
    assert (ran.code, list(ran.json)) == (0, ["mediaType", "verificationMaterial", "messageSignature"])
    assert ran.json["messageSignature"]["signature"] == (here / "sig").read_text().strip()
    told = create("--artifact=other", "--signature=sig", "--key=its.pub", "--ignore-tlog")
    assert told.first.startswith("error [BAD_SIGNATURE]")


OLD = ("--artifact=blob", "--bundle=old.json")
REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no artifact": (("--bundle=old.json",), 2, "error: there is no `--artifact`"),
    "nothing signed": (("--artifact=blob",), 2, "error: give one of"),
    "two of them": ((*OLD, "--signature=sig"), 2, "error: give one of"),
    "an entry to ignore": ((*OLD, "--ignore-tlog"), 2, "error: `--ignore-tlog`: the older bundle has a log entry"),
    "no entry": (
        ("--artifact=blob", "--attestation=envelope", "--certificate=certificate"),
        2,
        "error: there is no log entry in the files",
    ),
    "nobody": (("--artifact=blob", "--attestation=envelope", "--ignore-tlog"), 2, "error: nothing says who signed"),
    "another key": (
        ("--artifact=blob", "--attestation=envelope", "--ignore-tlog", "--key=ours.pub"),
        7,
        "error [BAD_SIGNATURE]",
    ),
    "another file": (
        ("--artifact=other", "--attestation=envelope", "--certificate=certificate", "--ignore-tlog"),
        7,
        "error [SUBJECT_MISMATCH]",
    ),
    "no bundle": (("--artifact=blob", "--bundle=blob"), 7, "error [MALFORMED_BUNDLE]"),
    "offline": ((*OLD, "--offline"), 5, "error: `GET https://rekor.sigstore.dev/api/v1/log/entries`"),
    "a hardware key": ((*OLD, "--sk"), 2, "error: `--sk`"),
}


@pytest.mark.parametrize(("arguments", "code", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(fake: FakeSigstore, here: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    older(sign_envelope(fake.instance, STATEMENT, log=V1), here)
    ran = create(*arguments)
    assert (ran.code, ran.out, ran.first[: len(told)]) == (code, "", told), ran.err


def test_the_log_must_have_the_same_entry(fake: FakeSigstore, here: Path) -> None:
    first = sign_envelope(fake.instance, STATEMENT, log=V1)
    older(sign_envelope(fake.instance, STATEMENT, log=V1), here)
    document: dict[str, Any] = json.loads((here / "old.json").read_bytes())
    assert first.logged is not None
    document["rekorBundle"]["Payload"]["logIndex"] = first.logged.index
    (here / "old.json").write_text(json.dumps(document))
    ran = create(*OLD, f"--rekor-url={fake.url}")
    assert (ran.code, ran.first.split(":")[0]) == (7, "error [LOG_ENTRY_CONTENT]"), ran.err


class TestUpgrade:
    @pytest.mark.parametrize("version", [1, 2])
    @pytest.mark.parametrize("proven", [True, False], ids=["with its proof", "without a proof"])
    def test_an_older_version(self, fake: FakeSigstore, here: Path, version: int, proven: bool) -> None:
        signed = sign_envelope(fake.instance, STATEMENT, log=V1, version=version)
        if not proven and version == 1:  # 0.2 demands the proof itself
            del signed.bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
        (here / "old.json").write_bytes(signed.data)
        ran = run("bundle", "upgrade", "old.json", "--out=b.json", f"--rekor-url={fake.url}")
        assert (ran.code, ran.out, ran.err) == (0, "", "")
        material = json.loads((here / "b.json").read_bytes())["verificationMaterial"]
        assert (set(material), "inclusionProof" in material["tlogEntries"][0]) == ({"certificate", "tlogEntries"}, True)
        flags = (*ALICE, *ROOT, "--bundle=b.json", "--offline")
        assert run("verify-blob-attestation", "--type=vuln", *flags, "blob").code == 0

    def test_signatures_over_files(self, fake: FakeSigstore, here: Path) -> None:
        signed = sign_blob(fake.instance, BLOB, version=2)
        (here / "old.json").write_bytes(signed.data)
        upgraded = run("bundle", "upgrade", "old.json").json
        assert upgraded["messageSignature"] == signed.bundle["messageSignature"]

    def test_keys_keep_their_hint(self, fake: FakeSigstore, here: Path) -> None:
        signed = sign_envelope(fake.instance, STATEMENT, log=V1, version=2, managed=True)
        (here / "old.json").write_bytes(signed.data)
        upgraded = run("bundle", "upgrade", "old.json").json["verificationMaterial"]
        assert upgraded["publicKey"] == signed.bundle["verificationMaterial"]["publicKey"]

    def test_the_newest_stays_as_it_is(self, fake: FakeSigstore, here: Path) -> None:
        data = json.dumps(sign_envelope(fake.instance, STATEMENT).bundle, indent=2)
        (here / "new.json").write_text(data)
        ran = run("bundle", "upgrade", "new.json", "--offline")
        assert (ran.code, ran.out, ran.err) == (0, data + "\n", "`new.json` has version 0.3 already\n")

    def test_what_is_no_bundle(self) -> None:
        assert run("bundle", "upgrade", "blob").first.startswith("error [MALFORMED_BUNDLE]")
