"""`attest-blob` as a user types it: keys and identities, what is written where, and what is refused."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import Ran, place_keys, run
from tests.support.forgery import RECORD
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.cosign import BLOB, STATEMENT
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation

from assaymark.attest.strict import decode_base64

V1, V2 = Generation.V1, Generation.V2
HEX = hashlib.sha256(BLOB).hexdigest()
KEY = ("--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json")
CONFIGURED = ("--signing-config=signing_config.json", "--trusted-root=trusted_root.json", "-y")
RECORDED = ("--type", "vuln", "--predicate", "vuln.json")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    (tmp_path / "blob").write_bytes(BLOB)
    (tmp_path / "statement.json").write_bytes(STATEMENT)
    return tmp_path


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


def attest(*arguments: str, stdin: bytes = b"", **environ: str) -> Ran:
    return run("attest-blob", *arguments, stdin=stdin, environ={"ASSAYMARK_CACHE_DIR": "cache", **environ})


def statement_in(data: bytes | str) -> Any:
    return json.loads(decode_base64(json.loads(data)["dsseEnvelope"]["payload"]))


def of_image(name: str, digests: list[str], *, kind: str = "container_image", identifier: str = "") -> str:
    """A record whose report names an image."""
    metadata = {"RepoDigests": digests, "ImageID": identifier}
    report = {"SchemaVersion": 2, "ArtifactName": name, "ArtifactType": kind, "Metadata": metadata}
    record = json.loads(RECORD)
    return json.dumps({**record, "scanner": {**record["scanner"], "result": report}})


OTHER = "registry.test/app@sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("record", "about"),
    [
        pytest.param(of_image("app:v1", [OTHER]), OTHER, id="an image by digest"),
        pytest.param(of_image("app:v1", []), "app:v1", id="an image by name"),
        pytest.param(of_image("there/blob", []), "", id="an archive"),
        pytest.param(of_image("app:v1", [f"registry.test/app@sha256:{HEX}"]), "", id="that digest"),
        pytest.param(of_image("app:v1", [], identifier=f"sha256:{HEX}"), "", id="that configuration"),
        pytest.param(of_image(".", [], kind="filesystem"), "", id="a folder"),
    ],
)
@pytest.mark.parametrize("whole", [False, True], ids=["a predicate", "a statement"])
def test_a_record_of_an_image_is_warned_about(here: Path, record: str, about: str, whole: bool) -> None:
    (here / "vuln.json").write_text(record)
    given: tuple[str, ...] = KEY
    if whole:
        kind = "https://cosign.sigstore.dev/attestation/vuln/v1"
        subject = [{"name": "blob", "digest": {"sha256": HEX}}]
        document = {**json.loads(STATEMENT), "subject": subject, "predicateType": kind, "predicate": json.loads(record)}
        (here / "statement.json").write_text(json.dumps(document))
        given = ("--key", "ours.key", "--statement", "statement.json")
    ran = attest(*given, "blob")
    told = [line for line in ran.err.splitlines() if "the record is about" in line]
    expected = f"warning: the record is about the image `{about}`, and what is attested is the file `blob`"
    assert (ran.code, told) == (0, [expected] if about else []), ran.err


class TestKeys:
    def test_the_bundle_is_written_and_told_how_to_verify(self, here: Path) -> None:
        ran = attest(*KEY, "--bundle", "b.json", "blob")
        assert (ran.code, ran.out) == (0, ""), ran.err
        words = "verify-blob-attestation --key ours.pub --type vuln --bundle b.json"
        assert ran.err.splitlines()[-4:] == [
            "wrote `b.json`",
            "verified; it is not in a transparency log. To verify it again:",
            f"  assaymark {words} blob",
            f"  cosign {words} --insecure-ignore-tlog blob",
        ]
        expected = {
            "_type": "https://in-toto.io/Statement/v0.1",
            "subject": [{"name": "blob", "digest": {"sha256": HEX}}],
            "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
            "predicate": json.loads(RECORD),
        }
        assert expected == statement_in((here / "b.json").read_bytes())
        assert (here / "b.json").stat().st_mode & 0o777 == 0o600

    def test_without_a_file_the_bundle_is_on_stdout(self) -> None:
        ran = attest(*KEY, "blob")
        assert (ran.code, len(ran.lines), ran.err.splitlines()[-1]) == (
            0,
            1,
            "verified; it is not in a transparency log",
        )
        assert statement_in(ran.out)["subject"][0]["digest"] == {"sha256": HEX}

    def test_blobs_on_stdin_and_blobs_elsewhere(self) -> None:
        piped = attest(*KEY, "--bundle", "b.json", "-", stdin=BLOB)
        assert piped.err.splitlines()[-2].endswith(f"--bundle b.json --digest {HEX} --digestAlg sha256")
        for arguments in (["--hash", HEX.upper(), "there/x.tar"], ["--hash", f"sha256:{HEX}", "x.tar"]):
            subject = {"name": "x.tar", "digest": {"sha256": HEX}}
            assert [subject] == statement_in(attest(*KEY, *arguments).out)["subject"]
        assert statement_in(attest(*KEY, "--hash", HEX).out)["subject"] == [{"name": "", "digest": {"sha256": HEX}}]

    def test_a_file_that_is_elsewhere_is_verified_by_its_digest(self) -> None:
        ran = attest(*KEY, "--hash", HEX, "--bundle", "b.json", "there/x.tar")
        assert ran.err.splitlines()[-2].endswith(f"--bundle b.json --digest {HEX} --digestAlg sha256")

    def test_every_file_of_cosign(self, here: Path) -> None:
        ran = attest(*KEY, "--output-signature", "s", "--output-attestation", "a", "blob")
        assert (ran.code, ran.out) == (0, ""), ran.err
        assert ran.err.splitlines()[-2:] == ["wrote `s`, `a`", "verified; it is not in a transparency log"]
        envelope = json.loads((here / "s").read_bytes())
        assert envelope["payloadType"] == "application/vnd.in-toto+json"
        assert decode_base64(envelope["payload"]) == (here / "a").read_bytes()

    def test_older_files(self, here: Path) -> None:
        ran = attest(*KEY, "--new-bundle-format=false", "--bundle", "b.json", "blob")
        local = json.loads((here / "b.json").read_bytes())
        assert decode_base64(local["base64Signature"]) + b"\n" == ran.out.encode()
        assert decode_base64(local["cert"]) == (here / "ours.pub").read_bytes()
        assert sorted(local) == ["base64Signature", "cert"]

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            pytest.param(["--key=ours.key", "blob"], 2, "give one of `--predicate` and `--statement`", id="nothing"),
            pytest.param(
                [*KEY, "--statement", "x", "blob"], 2, "give one of `--predicate` and `--statement`", id="both"
            ),
            pytest.param([*KEY], 2, "there is no BLOB", id="no blob"),
            pytest.param(
                ["--key=ours.key", "--predicate=-", "-"], 2, "stdin can be read once: BLOB or what is attested", id="-"
            ),
            pytest.param([*KEY, "none"], 9, "cannot read `none`: no such file or directory", id="a file that is not"),
            pytest.param([*KEY, "."], 9, "cannot read `.`: is a directory", id="a folder"),
            pytest.param([*KEY, "--hash", "zzz"], 2, "`sha256:zzz` is not a digest", id="no digest"),
            pytest.param([*KEY, "--type", "VULN", "blob"], 2, "`VULN` is not a predicate type", id="no type"),
            pytest.param(
                [*KEY, "--output-certificate", "c", "blob"],
                2,
                "`--output-certificate`: a key has no certificate",
                id="c",
            ),
            pytest.param(
                [*KEY, "--bundle", "b", "--output-signature", "b", "blob"],
                2,
                "two outputs go to one file",
                id="one file",
            ),
            pytest.param(
                [*KEY, "--rfc3161-timestamp-bundle", "t", "blob"],
                2,
                "`--rfc3161-timestamp-bundle`: no timestamp authority is asked",
                id="no timestamp",
            ),
            pytest.param(
                [*KEY, "--bundle", "no/b.json", "blob"],
                9,
                "cannot write `no/b.json`: no such file or directory",
                id="no",
            ),
            pytest.param(
                [*KEY, "--resume", "p", "blob"],
                2,
                "`--resume` takes no blob and no predicate: the file holds what was signed",
                id="resuming something",
            ),
            pytest.param(
                ["--key=ours.key", "--type=vuln", "--predicate=statement.json", "/nowhere"],
                6,
                "the predicate is a whole statement, not a vulnerability record",
                id="a predicate that may not be signed is found before the file is read",
            ),
            pytest.param([*KEY, "--sk", "blob"], 2, "`--sk`: hardware keys are not supported by this version", id="sk"),
        ],
    )
    def test_refusals(self, here: Path, arguments: list[str], code: int, message: str) -> None:
        before = set(here.iterdir())
        ran = attest(*arguments)
        assert (code, "", True) == (ran.code, ran.out, ran.first.endswith(message)), ran.err
        assert before == set(here.iterdir())


class TestStatements:
    def test_a_whole_statement_is_signed_as_it_stands(self, here: Path) -> None:
        text = json.dumps(json.loads(STATEMENT), indent=3).encode()
        (here / "statement.json").write_bytes(text)
        ran = attest("--key=ours.key", "--statement=statement.json", "--bundle=b.json")
        assert ran.code == 0, ran.err
        assert decode_base64(json.loads((here / "b.json").read_bytes())["dsseEnvelope"]["payload"]) == text
        assert f"--type vuln --bundle b.json --digest {HEX} --digestAlg sha256" in ran.err

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            pytest.param({"subject": [{"digest": {"sha256": "zz"}}]}, "STATEMENT_MALFORMED", id="no hexadecimal"),
            pytest.param({"_type": "x"}, "STATEMENT_MALFORMED", id="another type"),
            pytest.param({"predicate": {}}, "PREDICATE_EMPTY", id="an empty record"),
            pytest.param({"predicateType": "https://x.test/", "predicate": "x"}, "PREDICATE_MALFORMED", id="a string"),
            pytest.param({"subject": [{"digest": {"sha256": "00" * 32}}]}, "SUBJECT_MISMATCH", id="another file"),
            pytest.param(
                {"subject": [{"digest": {"sha256": HEX, "sha512": "00" * 64}}]}, "SUBJECT_MISMATCH", id="and another"
            ),
        ],
    )
    def test_what_may_not_be_signed(self, here: Path, changes: dict[str, Any], reason: str) -> None:
        (here / "statement.json").write_text(json.dumps(json.loads(STATEMENT) | changes))
        ran = attest("--key=ours.key", "--statement=statement.json", "blob")
        assert (ran.code, ran.out, ran.first.startswith(f"error [{reason}]")) == (6, "", True), ran.err

    def test_what_cosign_refuses_is_said(self, here: Path) -> None:
        (here / "statement.json").write_text(json.dumps(json.loads(STATEMENT) | {"more": 1}))
        ran = attest("--key=ours.key", "--statement=statement.json", "blob")
        assert (ran.code, ran.first) == (0, "warning: cosign refuses the statement's members: more")

    def test_a_subject_that_files_are_not_verified_by(self, here: Path) -> None:
        commit = {"subject": [{"digest": {"gitCommit": "ab" * 20}}], "predicateType": "https://x.test/"}
        (here / "statement.json").write_text(json.dumps(json.loads(STATEMENT) | commit))
        ran = attest("--key=ours.key", "--statement=statement.json", "--bundle=b.json")
        assert (ran.code, ran.err.splitlines()[-1].endswith("--check-claims=false")) == (0, True), ran.err


class TestIdentities:
    @pytest.mark.parametrize(
        ("logs", "timestamps"), [((V1,), False), ((V1,), True), ((V2,), True)], ids=["log 1", "log 1+TSA", "log 2+TSA"]
    )
    def test_an_identity_signs(
        self, fake: FakeSigstore, here: Path, logs: tuple[Generation, ...], timestamps: bool
    ) -> None:
        fake.write(here, logs=logs, timestamps=timestamps)
        token = fake.instance.token(google())
        ran = attest(*RECORDED, *CONFIGURED, "--bundle", "b.json", "blob", SIGSTORE_ID_TOKEN=token)
        assert ran.code == 0, ran.err
        words = shlex.split(ran.err.splitlines()[-2])
        assert words[:6] == [
            "assaymark",
            "verify-blob-attestation",
            "--certificate-identity",
            "alice@gmail.test",
            "--certificate-oidc-issuer",
            GOOGLE,
        ]

    def test_everything_in_files(self, fake: FakeSigstore, here: Path) -> None:
        fake.write(here, timestamps=True)
        files = ["--output-signature=s", "--output-certificate=c", "--rfc3161-timestamp-bundle=t", "--bundle=b"]
        token = fake.instance.token(google())
        ran = attest(*RECORDED, *CONFIGURED, "--new-bundle-format=false", *files, "blob", SIGSTORE_ID_TOKEN=token)
        assert (ran.code, ran.out) == (0, ""), ran.err
        local = json.loads((here / "b").read_bytes())
        assert decode_base64(local["cert"]) == (here / "c").read_bytes()
        assert decode_base64(local["base64Signature"]) == (here / "s").read_bytes()
        assert sorted(local["rekorBundle"]) == ["Payload", "SignedEntryTimestamp"]
        assert list(json.loads((here / "t").read_bytes())) == ["SignedRFC3161Timestamp"]
        assert "cosign" not in ran.err.splitlines()[-1]

    def test_a_folder_that_cannot_be_written_is_found_before_anything_is_published(
        self, fake: FakeSigstore, here: Path
    ) -> None:
        fake.write(here)
        token = fake.instance.token(google())
        ran = attest(*RECORDED, *CONFIGURED, "--bundle", "no/b.json", "blob", SIGSTORE_ID_TOKEN=token)
        assert (ran.code, fake.paths("POST")) == (9, [])

    def test_what_a_log_left_unfinished_is_finished(self, fake: FakeSigstore, here: Path) -> None:
        fake.write(here)
        fault = fake.fail(503, times=99, path="/api/v1/log/entries")
        token = fake.instance.token(google())
        ran = attest(*RECORDED, *CONFIGURED, "--bundle", "b.json", "blob", SIGSTORE_ID_TOKEN=token)
        assert (ran.code, "error [SIGNED_NOT_FINISHED]: " in ran.err) == (5, True), ran.err
        assert not (here / "b.json").exists()
        fake.faults.remove(fault)
        words = shlex.split(ran.err.splitlines()[-1].partition(": assaymark ")[2])
        assert words[0] == "attest-blob"
        again = run(*words, "-y", environ={"ASSAYMARK_CACHE_DIR": "cache"})
        assert again.code == 0, again.err
        assert again.err.splitlines()[-1].endswith(f"--digest {HEX} --digestAlg sha256")
        assert statement_in((here / "b.json").read_bytes())["subject"][0]["name"] == "blob"

    def test_an_image_s_attestation_is_not_finished_here(self, fake: FakeSigstore, here: Path) -> None:
        fake.write(here)
        fake.fail(503, times=99, path="/api/v1/log/entries")
        token = fake.instance.token(google())
        attest(*RECORDED, *CONFIGURED, "--bundle", "b.json", "blob", SIGSTORE_ID_TOKEN=token)
        (kept,) = (here / "cache/assaymark/sigstore/pending").iterdir()
        kept.write_bytes(kept.read_bytes().replace(b'"application/octet-stream"', b'"application/vnd.oci.image.index"'))
        ran = attest("--resume", str(kept), "--bundle", "b.json", "-y")
        assert (ran.code, "what was signed is about an image, `blob@sha256:" in ran.first) == (2, True), ran.err
        assert not (here / "b.json").exists()
