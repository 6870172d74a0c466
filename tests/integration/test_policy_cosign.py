"""Policies in CUE and Rego: what cosign passes we pass, and what it refuses we refuse.

cosign has both languages built in; we start `cue` and `opa`. Needs all three, `docker-registry`, and loopback alone.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from tests.support.commands import Ran, run
from tests.support.forgery import key
from tests.support.interop.bench import Image as SmallImage
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign
from tests.support.policies import finding, record

from assaymark.attest.keys.file import write_key_pair
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.predicate import VULN_TYPE

pytestmark = [
    pytest.mark.integration,
    NEEDS_COSIGN,
    NEEDS_REGISTRY,
    pytest.mark.skipif(shutil.which("cue") is None, reason="cue is not on PATH"),
    pytest.mark.skipif(shutil.which("opa") is None, reason="opa is not on PATH"),
]
PASSWORD: Final = "pass word"
NO_CRITICAL: Final = """\
package signature

default allow = false

allow {
    input.predicateType == "%s"
    not any_critical
}

any_critical {
    input.predicate.scanner.result.Results[_].Vulnerabilities[_].Severity == "%s"
}
"""


class Case(NamedTuple):
    """A policy by its file's suffix and text, and whether the attestation satisfies it."""

    suffix: str
    text: str
    passes: bool


CUE: dict[str, Case] = {
    "the predicate type": Case(".cue", f'predicateType: "{VULN_TYPE}"', True),
    "another predicate type": Case(".cue", 'predicateType: "https://other.test"', False),
    "a package, and an import": Case(".cue", 'package p\nimport "strings"\npredicateType: strings.MinRunes(5)', True),
    "the scanner": Case(".cue", 'predicate: scanner: {version: "1", uri: =~"^pkg:"}', True),
    "a member that is not there": Case(".cue", "predicate: verdict: string", True),
    "one of two texts that is not there": Case(".cue", 'predicate: "the verdict": "good" | "bad"', True),
    "a number that is not there": Case(".cue", "predicate: scanner: score: int & >5", True),
    "a required member beside one that is not there": Case(".cue", "predicate: {a: string, verdict!: string}", False),
    "an error beside a member that is not there": Case(".cue", 'predicate: {a: string, scanner: version: "2"}', False),
    "a required member": Case(".cue", "predicate: verdict!: string", False),
    "a default for what is not there": Case(".cue", 'predicate: verdict: *"good" | "bad"', True),
    "an optional member": Case(".cue", "predicate: verdict?: string", True),
    "blank members are there": Case(".cue", 'predicate: invocation: {uri: "", event_id: "", "builder.id": ""}', True),
    "a number": Case(".cue", "predicate: scanner: result: SchemaVersion: >=2 & int", True),
    "a number too large": Case(".cue", "predicate: scanner: result: SchemaVersion: >2", False),
    "a closed structure": Case(".cue", "#S: {predicateType: string}\n#S", False),
    "there is no type of the statement": Case(".cue", "_type?: _|_\nsubject: [...{name: string}]", True),
    "every finding": Case(
        ".cue",
        'predicate: scanner: result: Results: [...{Vulnerabilities: [...{Severity: "HIGH" | "LOW"}], ...}]',
        True,
    ),
    "every finding, and one is worse": Case(
        ".cue", 'predicate: scanner: result: Results: [...{Vulnerabilities: [...{Severity: "LOW"}], ...}]', False
    ),
    "what does not compile": Case(".cue", "predicateType: {{{", False),
    "the times": Case(".cue", 'import "time"\npredicate: metadata: scanFinishedOn: time.Time', True),
}
REGO: dict[str, Case] = {
    "no critical finding": Case(".rego", NO_CRITICAL % (VULN_TYPE, "CRITICAL"), True),
    "no high finding": Case(".rego", NO_CRITICAL % (VULN_TYPE, "HIGH"), False),
    "undefined": Case(".rego", "package signature\nallow { input.nothing }", False),
    "another package": Case(".rego", "package other\nallow = true", False),
    "a set is not true": Case(".rego", 'package signature\nallow[msg] { msg := "good" }', False),
    "a text is not true": Case(".rego", 'package signature\nallow = "true"', False),
    "always": Case(".rego", "package signature\nallow = true", True),
    "never": Case(".rego", "package signature\ndefault allow = false", False),
    "the newer language": Case(".rego", "package signature\nimport rego.v1\nallow if { input.predicate }", True),
    "what does not compile": Case(".rego", "package signature\nallow {", False),
    "the subject": Case(".rego", "package signature\nallow { count(input.subject[0].digest.sha256) == 64 }", True),
    "numbers": Case(".rego", "package signature\nallow { input.predicate.scanner.result.SchemaVersion == 2 }", True),
    "two answers": Case(".rego", "package signature\nallow = true { true }\nallow = false { true }", False),
    "a function that fails": Case(".rego", 'package signature\nallow { to_number("x") == 1 }', False),
    "the statement's own type is not there": Case(".rego", "package signature\nallow { not input._type }", True),
}


class Bench:
    """One image with one attestation of the kind that our key made through cosign."""

    def __init__(self, host: str, folder: Path) -> None:
        self.folder = folder
        self.cosign = Cosign(folder, password=PASSWORD)
        write_key_pair(folder / "ours", key("interop", Algorithm.ECDSA_P256), PASSWORD.encode())
        self.image = SmallImage(host, "policies").reference
        document = record([finding("CVE-2024-0001", "HIGH"), finding("CVE-2024-0002", "LOW")], complete=True)
        (folder / "vuln.json").write_text(json.dumps(document))
        self.cosign(
            "attest", "--yes", "--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json",
            "--signing-config", "no-services.json", self.image,
        )  # fmt: skip

    def theirs(self, *policies: str, kind: str = "vuln", code: int = 0) -> None:
        flags = [word for name in policies for word in ("--policy", name)]
        self.cosign(
            "verify-attestation", "--key", "ours.pub", "--type", kind, "--insecure-ignore-tlog", *flags, self.image,
            code=code,
        )  # fmt: skip

    def ours(self, *policies: str, kind: str = "vuln", more: tuple[str, ...] = ()) -> Ran:
        flags = [word for name in policies for word in ("--policy", str(self.folder / name))]
        key_file = str(self.folder / "ours.pub")
        path = {"PATH": os.environ["PATH"]}
        return run("verify-attestation", "--key", key_file, "--type", kind, *flags, *more, self.image, environ=path)


@pytest.fixture(scope="module")
def bench(fallback_host: str, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(fallback_host, tmp_path_factory.mktemp("policies"))


def agree(bench: Bench, passes: bool, *names: str, kind: str = "vuln") -> Ran:
    """Both programs say so."""
    bench.theirs(*names, kind=kind, code=0 if passes else 1)
    ran = bench.ours(*names, kind=kind)
    assert (ran.code == 0) is passes, ran.err
    return ran


@pytest.mark.parametrize("name", CUE)
def test_cue(bench: Bench, name: str) -> None:
    case = CUE[name]
    (bench.folder / "p.cue").write_text(case.text)
    ran = agree(bench, case.passes, "p.cue")
    assert case.passes or (ran.code, ran.first.startswith("error [POLICY_CUE]")) == (7, True), ran.err


UNDECIDED: dict[str, str] = {
    "a length of what is not there": "predicate: {a: string, b: len(a)}",
    "a sum with what is not there": 'predicate: {a: string, b: a + "x"}',
    "a condition on what is not there": 'predicate: {a: string, if a == "x" {b: 1}}',
}


@pytest.mark.parametrize("text", UNDECIDED.values(), ids=UNDECIDED.keys())
def test_what_cannot_be_decided_passes_with_cosign_and_not_here(bench: Bench, text: str) -> None:
    (bench.folder / "p.cue").write_text(text)
    bench.theirs("p.cue")
    ran = bench.ours("p.cue")
    assert (ran.code, ran.first.startswith("error [POLICY_CUE]")) == (7, True), ran.err


@pytest.mark.parametrize("name", REGO)
def test_rego(bench: Bench, name: str) -> None:
    case = REGO[name]
    (bench.folder / "p.rego").write_text(case.text)
    ran = agree(bench, case.passes, "p.rego")
    unusable = {"what does not compile", "two answers"}
    expected = (2, "error: ") if name in unusable else (7, "error [POLICY_REGO]")
    assert case.passes or (ran.code, ran.first.startswith(expected[1])) == (expected[0], True), ran.err


URI_CASES: dict[str, tuple[str, str, bool]] = {
    "the statement's type in CUE": ("u.cue", '_type: "https://in-toto.io/Statement/v0.1"', True),
    "the statement's type in Rego": (
        "u.rego", 'package signature\nallow { input._type == "https://in-toto.io/Statement/v0.1" }', True,
    ),
    "another type in Rego": ("u.rego", 'package signature\nallow { input._type == "x" }', False),
}  # fmt: skip


@pytest.mark.parametrize("name", URI_CASES)
def test_the_whole_statement_is_seen_where_the_type_is_a_uri(bench: Bench, name: str) -> None:
    file, text, passes = URI_CASES[name]
    (bench.folder / file).write_text(text)
    agree(bench, passes, file, kind=VULN_TYPE)


def test_several_files_must_all_be_satisfied(bench: Bench) -> None:
    files: dict[str, str] = {
        "a.cue": 'predicateType: "https:' + VULN_TYPE.removeprefix("https:") + '"',
        "b.cue": 'predicate: scanner: version: "1"',
        "c.cue": 'predicate: scanner: version: "2"',
        "yes.rego": "package signature\nallow = true",
        "no.rego": "package signature\nallow = false",
    }
    for name, text in files.items():
        (bench.folder / name).write_text(text)
    agree(bench, True, "a.cue", "b.cue", "yes.rego")
    agree(bench, False, "a.cue", "c.cue", "yes.rego")
    agree(bench, False, "a.cue", "no.rego")


def test_what_is_wrong_is_told_with_its_place(bench: Bench) -> None:
    (bench.folder / "told.cue").write_text('\npredicate: scanner: version: "2"\n')
    document: Any = bench.ours("told.cue", more=("--report", "json")).json
    (violation,) = document["images"][0]["policy"]
    name = str(bench.folder / "told.cue")
    assert (document["reason"], violation["rule"]) == ("POLICY_CUE", name)
    assert violation["value"] == f'predicate.scanner.version: conflicting values "2" and "1" (`{name}`, line 2)'
