"""Signing without keys as the tutorial does it, on both kinds of registry: our program, and what cosign says of the result.

Whole processes, which find the services through the mirror's trust data and the identity in the environment.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Final

import pytest
from tests.support.images import build_image
from tests.support.interop.bench import EMAIL, Bench, Image, Ran
from tests.support.interop.matrix import Evidence, Storage
from tests.support.peers import NEEDS_COSIGN
from tests.support.sigstore.accounts import GITHUB, GOOGLE, MICROSOFT
from tests.support.workshop import ALPINE, FINDINGS, NOON, Workshop, found_in

pytestmark = [pytest.mark.integration, NEEDS_COSIGN]

Registry = tuple[Storage, str]
WHAT: Final = ("--type", "vuln", "--predicate", "vuln.json")
LOG: Final = "/api/v1/log/entries"
PAIRS: Final = (
    (EMAIL, GOOGLE, ""),
    ("bob@gmail.test", GOOGLE, "WRONG_IDENTITY"),
    (EMAIL, GITHUB, "WRONG_ISSUER"),
    (EMAIL, MICROSOFT, "WRONG_ISSUER"),
)


def tutorial(bench: Bench, **more: str) -> dict[str, str]:
    """The environment of the tutorial's lines, in a job that has an identity."""
    return {"COSIGN_EXPERIMENTAL": "1", "SIGSTORE_ID_TOKEN": bench.token(), **more}


def pasted(ran: Ran) -> list[str]:
    """The arguments of the command at the end of a hint."""
    hint = ran.err.rstrip().splitlines()[-1]
    return shlex.split(hint.partition(": assaymark ")[2])


def test_the_tutorials_lines(bench: Bench, stored: Registry) -> None:
    image = Image(stored[1], "tutorial")
    refused = bench.assaymark("attest", *WHAT, image.reference, environ=tutorial(bench))
    assert (refused.code, "[NOT_CONFIRMED]" in refused.err) == (6, True), refused.err
    assert bench.assaymark("download", "attestation", image.reference).code == 7
    made = bench.assaymark("attest", *WHAT, image.reference, environ=tutorial(bench, COSIGN_YES="true"))
    assert made.code == 0, made.err
    for program in (bench.assaymark, bench.cosign):
        name = "assaymark" if program == bench.assaymark else "cosign"
        assert len(program(*made.told(name)).lines) == 1


def test_the_bare_line_shows_what_would_prove_it_and_passes_for_whom_is_trusted(
    bench: Bench, stored: Registry, tmp_path: Path
) -> None:
    image = Image(stored[1], "bare")
    bench.assaymark("attest", "-y", *WHAT, image.reference, environ=tutorial(bench))
    bare = ("verify-attestation", "--type", "vuln", image.reference)
    ran = bench.assaymark(*bare, environ=tutorial(bench))
    assert (ran.code, ran.out, "[IDENTITY_REQUIRED]" in ran.err) == (7, "", True), ran.err
    completed = bench.assaymark(*pasted(ran))
    assert (completed.code, len(completed.lines)) == (0, 1), completed.err
    anybody = bench.assaymark(*bare, "--any-identity")
    assert (anybody.code, "anybody was accepted" in anybody.err) == (0, True), anybody.err
    for name, code in ((EMAIL, 0), ("bob@gmail.test", 7)):
        settings = tmp_path / "settings.yaml"
        settings.write_text(f"verify:\n  identities:\n    - {{identity: {name}, issuer: {GOOGLE}}}\n")
        trusted = bench.assaymark(*bare, "--config", str(settings), environ=tutorial(bench))
        assert (trusted.code, len(trusted.lines)) == (code, 0 if code else 1), trusted.err
    assert bench.cosign(*bare, environ=tutorial(bench)).code == 1


def test_both_programs_agree_on_who_signed(bench: Bench, stored: Registry) -> None:
    image = Image(stored[1], "who")
    assert bench.assaymark("attest", "-y", *WHAT, image.reference, environ=tutorial(bench)).code == 0
    for name, issuer, reason in PAIRS:
        who = ("--certificate-identity", name, "--certificate-oidc-issuer", issuer, "--type", "vuln")
        ours = bench.assaymark("verify-attestation", *who, image.reference)
        theirs = bench.cosign("verify-attestation", *who, image.reference)
        assert (ours.code, theirs.code) == ((7, 1) if reason else (0, 0)), ours.err + theirs.err
        assert f"[{reason}]" in ours.err if reason else len(ours.lines) == len(theirs.lines) == 1


@pytest.mark.parametrize("format_", ["bundle", "legacy", "both"])
def test_scan_and_attest_in_one_command(bench: Bench, stored: Registry, tmp_path: Path, format_: str) -> None:
    image = Image(stored[1], f"scanned-{format_}", build_image([ALPINE]))
    ran = bench.assaymark(
        "image", "--attest", "-y", "--attestation-format", format_, "--cache-dir", str(Workshop(tmp_path).cache),
        "--skip-db-update", "--image-src", "remote", "--format", "json", image.reference,
        environ=tutorial(bench, SOURCE_DATE_EPOCH=NOON),
    )  # fmt: skip
    assert (ran.code, found_in(json.loads(ran.out))) == (0, FINDINGS), ran.err
    verified = bench.assaymark(*ran.told("assaymark"), "--report", "json")
    (report,) = json.loads(verified.out)["images"]
    assert {item["record"]["findings"]["total"] for item in report["attestations"]} == {len(FINDINGS)}
    assert len(report["attestations"]) == (2 if format_ == "both" else 1)
    assert bench.cosign(*ran.told("cosign")).code == 0


@pytest.mark.parametrize(
    ("evidence", "broken"),
    [
        pytest.param(Evidence.V1, LOG, id="the log"),
        pytest.param(Evidence.V2_TSA, "/api/v2/log/entries", id="the log of version 2"),
        pytest.param(Evidence.V1_TSA, "/api/v1/timestamp", id="the timestamp authority"),
    ],
)
def test_what_a_service_left_unfinished_is_finished(
    bench: Bench, stored: Registry, evidence: Evidence, broken: str
) -> None:
    image = Image(stored[1], f"resumed-{evidence.name.lower()}")
    how = ("--signing-config", bench.signing_config(evidence, keyless=True), "--trusted-root", "trusted_root.json")
    outage = bench.sigstore.fail(400, times=-1, path=broken)
    try:
        ran = bench.assaymark("attest", "-y", *WHAT, *how, image.reference, environ=tutorial(bench))
        again = bench.assaymark(*pasted(ran), "-y")
    finally:
        bench.sigstore.faults.remove(outage)
    assert (ran.code, again.code, "[SIGNED_NOT_FINISHED]" in again.err) == (5, 5, True), again.err
    assert bench.assaymark("download", "attestation", image.reference).code == 7
    finished = bench.assaymark(*pasted(again), "-y")
    assert finished.code == 0, finished.err
    assert len(bench.assaymark(*finished.told("assaymark")).lines) == 1
    assert bench.cosign(*finished.told("cosign"), "--trusted-root", "trusted_root.json").code == 0
