"""`verify-attestation` with a policy: what passes, what does not and why, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.opa import install_opa
from tests.support.policies import finding, record
from tests.support.registry import MemoryRegistry

FOUND = [finding("CVE-2024-0001", "HIGH", fixed="2"), finding("CVE-2024-0002", "LOW", package="zlib")]


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return tmp_path


@pytest.fixture
def image(registry: MemoryRegistry) -> str:
    text, _ = place_image(registry)
    place(text, FOUND)
    return text


def place(
    image: str, findings: Any = (), *, age: timedelta = timedelta(hours=1), key: str = "ours", **parts: Any
) -> None:
    """Attest a scan that ended so long ago."""
    document = record(list(findings), finished=datetime.now(UTC) - age, **{"complete": True, **parts})
    Path("record.json").write_text(json.dumps(document))
    ran = attest(image, predicate="record.json", key=f"{key}.key")
    assert ran.code == 0, ran.err


def verify(*arguments: str, keys: tuple[str, ...] = ("ours.pub",), **environ: str) -> Ran:
    named = [word for key in keys for word in ("--key", key)]
    return run("verify-attestation", "--type", "vuln", *named, *arguments, environ=environ)


PASSING: dict[str, tuple[str, ...]] = {
    "a limit": ("--max-severity", "HIGH"),
    "a limit in small letters": ("--max-severity=high",),
    "an allowed finding": ("--max-severity", "LOW", "--allow", "CVE-2024-0001"),
    "another finding is denied": ("--deny", "CVE-2021-44228"),
    "completeness": ("--require-complete",),
    "an age, by the signer's word": ("--max-age", "1d", "--trust-signer-time"),
    "a young database": ("--max-db-age", "2d"),
}


@pytest.mark.parametrize("flags", PASSING.values(), ids=PASSING.keys())
def test_what_passes(image: str, flags: tuple[str, ...]) -> None:
    ran = verify(*flags, image)
    assert (ran.code, len(ran.lines)) == (0, 1), ran.err
    assert ran.err.splitlines()[-1] == "  - the policy is satisfied"


FAILING: dict[str, tuple[tuple[str, ...], str, dict[str, str]]] = {
    "a limit": (
        ("--max-severity", "MEDIUM"), "POLICY_SEVERITY",
        {"rule": "max-severity", "vulnerability": "CVE-2024-0001", "package": "openssl 1", "limit": "MEDIUM", "value": "HIGH"},
    ),
    "a limit on what can be fixed": (
        ("--max-severity", "NONE", "--fixable-only"), "POLICY_SEVERITY",
        {"rule": "max-severity", "vulnerability": "CVE-2024-0001", "package": "openssl 1", "limit": "NONE", "value": "HIGH"},
    ),
    "a denied finding": (
        ("--deny", "CVE-2024-0009,cve-2024-0002"), "POLICY_DENIED",
        {"rule": "deny", "vulnerability": "CVE-2024-0002", "package": "zlib 1", "limit": "CVE-2024-0002", "value": "CVE-2024-0002"},
    ),
    "no trusted time": (
        ("--max-age", "1d"), "POLICY_AGE_UNPROVEN",
        {"rule": "max-age", "vulnerability": "", "package": "", "limit": "1d", "value": "no trusted time"},
    ),
    "too old by the signer's word": (
        ("--max-age", "30m", "--trust-signer-time"), "POLICY_AGE",
        {"rule": "max-age", "vulnerability": "", "package": "", "limit": "30m", "value": "1h"},
    ),
    "an old database": (
        ("--max-db-age", "1h"), "POLICY_DB_AGE", {"rule": "max-db-age", "vulnerability": "", "package": "", "limit": "1h"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "reason", "named"), FAILING.values(), ids=FAILING.keys())
def test_what_does_not_pass(image: str, flags: tuple[str, ...], reason: str, named: dict[str, str]) -> None:
    ran = verify(*flags, image)
    assert (ran.code, ran.out) == (7, "")
    assert ran.first.startswith(f"error [{reason}]: `{image}`: the policy is not satisfied: ")
    document = verify(*flags, "--report=json", image).json
    ((entry,),) = (found["policy"] for found in document["images"])
    assert (document["verified"], document["reason"], entry["reason"]) == (False, reason, reason)
    assert {name: entry[name] for name in named} == (
        named if reason != "POLICY_AGE" else {**named, "value": entry["value"]}
    )
    assert entry["message"].partition(" ago")[0][:20] in ran.first  # a second may have passed between the two
    assert document["images"][0]["attestations"] == []


def test_every_broken_rule_is_told(image: str) -> None:
    ran = verify("--max-severity=NONE", "--deny=CVE-2024-0001", image)
    assert ran.first.endswith("is denied by `deny: CVE-2024-0001` (and 2 more)")
    assert [line.partition("]")[0] for line in ran.err.splitlines()[1:]] == [
        "  - [POLICY_DENIED",
        "  - [POLICY_SEVERITY",
        "  - [POLICY_SEVERITY",
    ]


def test_of_many_broken_rules_some_are_told_and_all_are_listed(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    place(image, [finding(f"CVE-2024-{number:04}") for number in range(40)])
    ran = verify("--max-severity=LOW", image)
    assert (ran.err.count("  - ["), ran.err.splitlines()[-1]) == (30, "  and 10 more, which `--report json` lists")
    assert len(verify("--max-severity=LOW", "--report=json", image).json["images"][0]["policy"]) == 40


def test_an_incomplete_scan_is_refused_or_told(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    place(image, complete=None)
    assert verify("--require-complete", image).first.startswith("error [POLICY_INCOMPLETE]")
    ran = verify("--max-severity=NONE", image)
    assert (ran.code, "the record does not say that the scan was complete" in ran.err) == (0, True)
    (told,) = verify("--max-severity=NONE", "--report=json", image).json["images"][0]["attestations"]
    assert told["notes"][-1].endswith("the record does not say that the scan was complete")
    assert told["notes"][-1] in verify("--max-severity=NONE", "--report=text", image).out


def test_other_predicates_are_no_records(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    (here / "bom.json").write_text('{"bomFormat":"CycloneDX"}')
    attest(image, type="cyclonedx", predicate="bom.json")
    ran = run("verify-attestation", "--type=cyclonedx", "--key=ours.pub", "--max-severity=NONE", image)
    assert (ran.code, ran.first.startswith("error [POLICY_NO_RECORD]")) == (7, True)


class TestFiles:
    def test_a_file_and_flags_add_up(self, image: str, here: Path) -> None:
        (here / "p.yaml").write_text("max-severity: HIGH\nrequire-complete: true\n")
        assert verify("--policy", "p.yaml", image).code == 0
        assert verify("--policy", "p.yaml", "--deny", "CVE-2024-0001", image).first.startswith("error [POLICY_DENIED]")
        (here / "q.yml").write_text("max-severity: LOW\n")
        assert verify("--policy", "p.yaml", "--policy", "q.yml", image).first.startswith("error [POLICY_SEVERITY]")

    def test_exceptions_of_a_file_for_a_limit_of_a_flag(self, image: str, here: Path) -> None:
        (here / "p.yaml").write_text("allow:\n  - {id: CVE-2024-0001, reason: not built, expires: 2999-12-31}\n")
        ran = verify("--policy", "p.yaml", "--max-severity", "LOW", image)
        assert (ran.code, "is allowed until 2999-12-31: not built" in ran.err) == (0, True)

    def test_a_variable_names_one(self, image: str, here: Path) -> None:
        (here / "p.yaml").write_text("max-severity: LOW\n")
        assert verify(image, ASSAYMARK_POLICY="p.yaml").first.startswith("error [POLICY_SEVERITY]")

    def test_rego_through_opa(self, image: str, here: Path) -> None:
        install_opa(here)
        (here / "yes.rego").write_text("input['predicateType'].startswith('https://cosign')")
        (here / "no.rego").write_text("'_type' in input")
        assert verify("--policy", "yes.rego", image, PATH=str(here)).code == 0
        ran = verify("--policy", "no.rego", image, PATH=str(here))
        assert (ran.code, ran.first.startswith("error [POLICY_REGO]")) == (7, True)


UNUSABLE: dict[str, tuple[tuple[str, ...], int, str]] = {
    "an empty list": (("--deny", ""), 2, "error: `--deny` is empty"),
    "a list of nothing": (("--allow", " , "), 2, "error: `--allow` is empty"),
    "an empty file name": (("--policy", ""), 2, "error: `--policy` is empty"),
    "no severity": (("--max-severity", "worst"), 2, "error: argument --max-severity: invalid choice"),
    "no age": (("--max-age", "7"), 2, "error: argument --max-age: `7` is not an age (write 36h, 7d, 2w)"),
    "no identifier": (("--deny", "CVE-2024"), 2, "error: `--deny`: `CVE-2024` is not the identifier"),
    "denied and allowed": (
        ("--deny=CVE-2024-0001", "--allow=cve-2024-0001", "--max-severity=LOW"), 2,
        "error: `CVE-2024-0001` is denied and allowed",
    ),
    "allowed without a limit": (("--allow=CVE-2024-0001",), 2, "error: `--allow` takes from `--max-severity`"),
    "a fix without a limit": (("--fixable-only",), 2, "error: `--fixable-only` is about `--max-severity`"),
    "a word without an age": (("--trust-signer-time",), 2, "error: `--trust-signer-time` is about `--max-age`"),
    "no policy by its name": (("--policy", "p.txt"), 2, "error: `--policy p.txt` is no policy by its name"),
    "an empty policy": (("--policy", "empty.yaml"), 2, "error: `empty.yaml`, line 1, column 1: the policy is empty"),
    "an empty program": (("--policy", "empty.rego"), 2, "error: the policy `empty.rego` is empty"),
    "no platform": (("--require-platforms", "a/b/c/d"), 2, "error: `a/b/c/d` is not a platform"),
    "no cue": (("--policy", "p.cue"), 9, "error: program `cue` is not installed"),
    "no opa": (("--policy", "p.rego"), 9, "error: program `opa` is not installed"),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "code", "told"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used(
    registry: MemoryRegistry, here: Path, flags: tuple[str, ...], code: int, told: str
) -> None:
    for name, text in {"empty.yaml": "", "empty.rego": "\n", "p.cue": "x: 1", "p.rego": "True"}.items():
        (here / name).write_text(text)
    ran = verify(*flags, f"{registry.host}/app:v1", PATH=str(here))
    assert (ran.code, ran.out, ran.first[: len(told)], registry.requests) == (code, "", told, [])


class TestTheNewest:
    def test_a_passing_scan_supersedes_a_failing_one(self, image: str) -> None:
        place(image, age=timedelta(minutes=1))
        ran = verify("--max-severity=NONE", image)
        assert (ran.code, len(ran.lines)) == (0, 1), ran.err
        assert f"superseded, of {image.removesuffix(':v1')}@" in ran.err
        assert "which of them is newer rests on the signer's word" in ran.err

    def test_a_failing_scan_supersedes_a_passing_one(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        place(image, age=timedelta(hours=3))
        place(image, FOUND, age=timedelta(hours=2))
        assert verify("--max-severity=NONE", image).first.startswith("error [POLICY_SEVERITY]")
        assert verify(image).code == 0

    def test_all_of_them(self, image: str) -> None:
        place(image, age=timedelta(minutes=1))
        ran = verify("--max-severity=NONE", "--all", image)
        assert (ran.code, "superseded" in ran.err) == (7, False)
        ran = verify("--max-severity=HIGH", "--all", image)
        assert (ran.code, len(ran.lines)) == (0, 2)

    def test_the_document_lists_them(self, image: str) -> None:
        place(image, age=timedelta(minutes=1))
        (found,) = verify("--max-severity=NONE", "--report=json", image).json["images"]
        ((counting,), (old,)) = found["attestations"], found["superseded"]
        assert (old["by"], old["bySignersWord"], old["trustedTime"]) == (counting["manifest"], True, None)
        assert old["scanFinishedOn"] < counting["record"]["scan"]["finishedOn"]

    def test_without_a_policy_all_are_printed_and_the_older_are_named(self, image: str) -> None:
        place(image, age=timedelta(minutes=1))
        ran = verify(image)
        assert (ran.code, len(ran.lines), "superseded, of " in ran.err) == (0, 2, True)
        (found,) = verify("--report=json", image).json["images"]
        assert (len(found["attestations"]), len(found["superseded"])) == (2, 1)

    def test_each_signer_has_a_newest_one(self, image: str) -> None:
        place(image, age=timedelta(minutes=1), key="theirs")
        keys = ("ours.pub", "theirs.pub")
        ran = verify("--max-severity=NONE", image, keys=keys)
        assert (ran.code, "superseded" in ran.err) == (7, False)
        assert verify("--max-severity=NONE", image, keys=("theirs.pub",)).code == 0

    def test_attestations_of_others_do_not_count(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        place(image, FOUND, age=timedelta(minutes=1), key="theirs")
        place(image, age=timedelta(hours=5))
        ran = verify("--max-severity=NONE", image)
        assert (ran.code, "refused [WRONG_KEY]" in ran.err) == (0, True)


def test_a_policy_does_not_stand_in_for_a_signer(image: str) -> None:
    ran = verify("--max-severity=HIGH", image, keys=())
    assert ran.code != 0
