"""`verify-attestation` as a user types it: what is printed, and the reason of every refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, record, run
from tests.support.registry import MemoryRegistry

from assaymark.attest.strict import decode_base64

NO_LOG = "not checked: transparency log: there is no log entry, and none is needed with a key"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two keys and a record."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return tmp_path


def verify(*arguments: str, key: str = "ours.pub", terminal: bool = False) -> Ran:
    return run("verify-attestation", *(("--key", key) if key else ()), *arguments, terminal=terminal)


def statement(line: str) -> Any:
    return msgspec.json.decode(decode_base64(json.loads(line)["payload"]))


def test_stdout_is_one_envelope_a_line_and_stderr_says_what_was_checked(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    attest(image)
    ran = verify("--type", "vuln", image)
    assert ran.code == 0
    (line,) = ran.lines
    assert list(json.loads(line)) == ["payload", "payloadType", "signatures"]
    assert statement(line)["subject"][0]["digest"] == {"sha256": digest.removeprefix("sha256:")}
    assert ran.err.splitlines() == [
        f"verified {registry.host}/app@{digest}:",
        "  - 1 attestation signed by the key",
        "  - the statement is about this image's digest",
        f"  - {NO_LOG}",
    ]


@pytest.mark.parametrize("flags", [("-o", "json"), ("-o", "text"), ("--output=json",)], ids=" ".join)
def test_output_changes_nothing(registry: MemoryRegistry, flags: tuple[str, ...]) -> None:
    image, _ = place_image(registry)
    attest(image)
    assert verify("--type", "vuln", *flags, image).out == verify("--type", "vuln", image).out


def test_on_a_terminal_the_record_is_summed_up_on_stderr(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    ran = verify("--type", "vuln", image, terminal=True)
    assert (ran.code, len(ran.lines), "signed by   ours.pub" in ran.err) == (0, 1, True)


def test_quiet_leaves_the_envelope(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    ran = verify("--type", "vuln", "-q", image)
    assert (ran.code, len(ran.lines), ran.err) == (0, 1, "")


def test_the_report_for_people(registry: MemoryRegistry, here: Path) -> None:
    image, digest = place_image(registry)
    attest(image)
    ran = verify("--type", "vuln", "--report", "text", image)
    assert ran.code == 0
    assert ran.lines[0].split() == ["image", f"{registry.host}/app@{digest}"]
    assert ran.lines[1].startswith("signed by   ours.pub (sha256:")
    assert "note        how old it is rests on the signer's word: no log and no timestamp authority saw it" in ran.lines
    assert verify("--type", "vuln", "--report", "text", "--output-file", "told", image).out == ""
    assert (here / "told").read_text() == ran.out


def test_the_report_for_programs(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    attest(image)
    document = verify("--type", "vuln", "--report", "json", image).json
    (attestation,) = document["images"][0].pop("attestations")
    assert document == {
        "verified": True,
        "images": [
            {"image": image, "digest": digest, "verified": True, "rejected": [], "policy": [], "superseded": []}
        ],
    }
    assert attestation["signer"]["key"] == "ours.pub"
    assert attestation["record"]["database"]["version"] == "2"
    assert (attestation["format"], attestation["subjectChecked"], attestation["notes"]) == ("bundle", True, [NO_LOG])


def test_other_types_have_no_record(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    (here / "bom.json").write_text('{"bomFormat":"CycloneDX"}')
    attest(image, type="cyclonedx", predicate="bom.json")
    attest(image)
    document = verify("--type", "cyclonedx", "--report", "json", image).json["images"][0]
    assert [item["record"] for item in document["attestations"]] == [None]
    assert [item["reason"] for item in document["rejected"]] == ["WRONG_TYPE"]
    told = verify("--type", "https://cyclonedx.org/bom", "--report", "text", image)
    assert (told.code, len(told.lines), told.lines[-1]) == (0, 5, f"note        {NO_LOG}")


def test_several_images(registry: MemoryRegistry) -> None:
    images = [place_image(registry, name)[0] for name in ("one", "two")]
    attest(*images)
    ran = verify("--type", "vuln", *images)
    assert (ran.code, len(ran.lines), ran.err.count("verified ")) == (0, 2, 2)
    bare, _ = place_image(registry, "bare")
    ran = verify("--type", "vuln", images[0], bare)
    assert (ran.code, ran.out) == (7, "")
    assert ran.first == f"error [NO_ATTESTATION]: `{bare}`: nothing is attached to the image"
    document = verify("--type", "vuln", "--report=json", images[0], bare).json
    assert (document["verified"], document["image"], document["reason"]) == (False, bare, "NO_ATTESTATION")
    assert [item["verified"] for item in document["images"]] == [True, False]


def test_attestations_that_are_refused_are_not_passed_over(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    attest(image, key="theirs.key")
    ran = verify("--type", "vuln", image)
    assert (ran.code, len(ran.lines)) == (0, 1)
    assert ran.first.startswith(f"warning: `{image}`: refused [WRONG_KEY]")


Refusal = tuple[Mapping[str, str], tuple[str, ...], str, str]
REFUSALS: dict[str, Refusal] = {
    "another key": ({"key": "theirs.key"}, ("--type", "vuln"), "WRONG_KEY", ""),
    "another type": ({}, ("--type", "openvex"), "WRONG_TYPE", ""),
    "no type": ({}, (), "WRONG_TYPE", "without `--type` it is `custom`"),
    "a type in capitals": ({}, ("--type", "VULN"), "WRONG_TYPE", ""),
    "the other format": ({}, ("--type", "vuln", "--new-bundle-format=false"), "NO_ATTESTATION", "`assaymark attest`"),
}


@pytest.mark.parametrize(("how", "flags", "reason", "hint"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(
    registry: MemoryRegistry, how: Mapping[str, str], flags: tuple[str, ...], reason: str, hint: str
) -> None:
    image, _ = place_image(registry)
    attest(image, environ=None, stdin=b"", **how)
    ran = verify(*flags, image)
    assert (ran.code, ran.out, ran.first.startswith(f"error [{reason}]: `{image}`: ")) == (7, "", True)
    assert hint in ran.err
    assert verify(*flags, "--report=json", image).json["reason"] == reason


def test_claims_that_are_not_checked_are_said(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    ran = verify("--type", "vuln", "--check-claims=false", image)
    assert (ran.code, "whether it is about this image was NOT checked" in ran.err) == (0, True)


def test_a_record_that_cannot_be_summed_up_is_still_verified(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    (here / "p.json").write_bytes(record(["another scanner's result"]))
    attest(image, predicate="p.json")
    assert verify("--type", "vuln", "--report=json", image).json["verified"] is True


UNUSABLE: dict[str, tuple[str, tuple[str, ...], int, str]] = {
    "a key that is not there": ("none.pub", (), 9, "error: cannot read the key file `none.pub`"),
    "a private key": ("ours.key", (), 2, "error: `ours.key` is not a public key"),
    "a search of the log": ("ours.pub", ("--rekor-url", "r"), 2, "error: `--rekor-url`: searching a transparency log"),
    "a trusted root": ("ours.pub", ("--trusted-root", "r.json"), 9, "error: cannot read `r.json`"),
    "a policy that is not there": ("ours.pub", ("--policy", "p.cue"), 9, "error: cannot read `p.cue`"),
    "a hardware key": ("", ("--sk",), 2, "error: `--sk`: hardware keys are not supported"),
    "a report of another kind": ("ours.pub", ("--report=xml",), 2, "error: argument --report"),
}


@pytest.mark.parametrize(("key", "flags", "code", "told"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used(registry: MemoryRegistry, key: str, flags: tuple[str, ...], code: int, told: str) -> None:
    ran = verify("--type", "vuln", *flags, f"{registry.host}/app:v1", key=key)
    assert (ran.code, ran.out, ran.first[: len(told)], registry.requests) == (code, "", told, [])


def test_flags_of_cosign_that_ask_for_nothing_else(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    switches = ("--insecure-ignore-tlog", "--insecure-ignore-sct", "--private-infrastructure=true", "--sk=false")
    values = ("--trusted-root", "r.json", "--signature-digest-algorithm", "sha256", "--max-workers", "3", "-t", "3m0s")
    assert verify("--type", "vuln", *switches, *values, image).code == 0


def test_a_key_in_the_environment(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    attest(image)
    variables = {"PUBLIC": (here / "ours.pub").read_text(), "COSIGN_TYPE": "vuln", "COSIGN_KEY": "env://PUBLIC"}
    assert run("verify-attestation", image, environ=variables).code == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none:v1", "error: there is no image `{host}/none:v1`"),
        ("app:none", "error: there is no image `{host}/app:none`"),
        ("App", "error: `{host}/App` is not an image reference"),
    ],
)
def test_images_that_are_not_there(registry: MemoryRegistry, name: str, told: str) -> None:
    place_image(registry)
    ran = verify("--type", "vuln", f"{registry.host}/{name}")
    assert (ran.code in {2, 5}, ran.first.startswith(told.format(host=registry.host))) == (True, True)
