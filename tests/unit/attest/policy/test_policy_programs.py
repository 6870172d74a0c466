"""What CUE and Rego are asked about, and what their answers mean."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.forgery import RECORD, statement
from tests.support.opa import install_opa

from assaymark.attest.policy.programs import asker, policy_input
from assaymark.attest.policy.rules import Program
from assaymark.attest.policy.violation import Violation
from assaymark.attest.predicate import VULN_TYPE, find_predicate_type
from assaymark.attest.reasons import Reason
from assaymark.attest.statement import parse_statement
from assaymark.safeio.cue import Cue
from assaymark.safeio.opa import Opa

BLANK = {
    "invocation": {"parameters": None, "uri": "", "event_id": "", "builder.id": ""},
    "scanner": {"uri": "", "version": "", "db": {"uri": "", "version": ""}, "result": None},
    "metadata": {"scanStartedOn": "0001-01-01T00:00:00Z", "scanFinishedOn": "0001-01-01T00:00:00Z"},
}


def asked(kind: str = "vuln", **changes: Any) -> bytes:
    payload = msgspec.json.encode(statement(**changes))
    return policy_input(payload, parse_statement(payload), find_predicate_type(kind))


def test_a_record_has_every_member_and_no_type_of_its_own() -> None:
    assert msgspec.json.decode(asked(predicate={})) == {
        "subject": statement()["subject"],
        "predicateType": VULN_TYPE,
        "predicate": BLANK,
    }


def test_what_a_scanner_wrote_keeps_its_bytes() -> None:
    payload = b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"%b","predicate":%b}'
    data = payload % (VULN_TYPE.encode(), RECORD)
    made = policy_input(data, parse_statement(data), find_predicate_type("vuln"))
    assert b'"result":{"N":12345678901234567890}' in made


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.12Z"),
        ("2026-01-02T03:04:05.000+02:00", "2026-01-02T03:04:05+02:00"),
        ("2026-01-02T03:04:05.1234567891Z", "2026-01-02T03:04:05.123456789Z"),
    ],
)
def test_times_are_spelled_as_go_spells_them(written: str, read: str) -> None:
    document = msgspec.json.decode(asked(predicate={"metadata": {"scanStartedOn": written}}))
    assert document["predicate"]["metadata"]["scanStartedOn"] == read


@pytest.mark.parametrize("kind", [VULN_TYPE, "cyclonedx"])
def test_other_types_are_the_whole_statement(kind: str) -> None:
    document = msgspec.json.decode(asked(kind, predicate={}))
    assert document == statement(predicate={})


def test_what_is_no_record_is_told() -> None:
    with pytest.raises(ValueError, match="Expected `object"):
        asked(predicate={"scanner": 1})


def programs(folder: Path, *written: tuple[str, str]) -> Any:
    install_opa(folder)
    install_cue(folder)
    environment = {"PATH": str(folder)}
    policies = [Program(name=name, text=text.encode()) for name, text in written]
    return asker(policies, cue=Cue(environment=environment), opa=Opa(environment=environment))


def install_cue(folder: Path) -> None:
    """A stand-in for `cue` that complains with the content of the policies."""
    (folder / "cue").write_text(
        f"#!{sys.executable} -S\nimport sys\n"
        "told = [open(name).read() for name in sys.argv[2:] if name.endswith('.cue')]\n"
        "sys.stderr.write(''.join(told))\nsys.exit(bool(''.join(told).strip()))\n"
    )
    (folder / "cue").chmod(0o755)


def test_both_are_asked(tmp_path: Path) -> None:
    ask = programs(tmp_path, ("a.cue", "x: field not allowed:\n    ./0.cue:3:1\n"), ("b.rego", "input['ok']"))
    assert ask(b'{"ok":true}') == (
        Violation(
            reason=Reason.POLICY_CUE,
            rule="a.cue",
            message="it does not fit `a.cue`: x: field not allowed (`a.cue`, line 3)",
            value="x: field not allowed (`a.cue`, line 3)",
        ),
    )


@pytest.mark.parametrize(
    ("answer", "value"), [("False", "false"), ("[1]", "[1]"), ("'true'", '"true"'), ("1/0", "undefined")]
)
def test_only_true_is_true(tmp_path: Path, answer: str, value: str) -> None:
    ask = programs(tmp_path, ("b.rego", answer))
    assert ask(b"{}") == (
        Violation(
            reason=Reason.POLICY_REGO,
            rule="b.rego",
            message=f"`data.signature.allow` of `b.rego` is {value}, not true",
            limit="true",
            value=value,
        ),
    )


def test_nothing_to_say(tmp_path: Path) -> None:
    assert programs(tmp_path, ("a.cue", " "), ("b.rego", "True"))(b"{}") == ()
    assert programs(tmp_path, ("a.cue", " "))(b"{}") == ()
