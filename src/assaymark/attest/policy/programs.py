"""Policies in CUE and Rego: what they are asked about, and what their answers mean (cosign 3.1.2, `--policy`).

The input is cosign's:

- with `--type vuln` the fixed parts of a vulnerability record with every member, blank ones too, around the exact bytes
  of `parameters` and `result`, beside `subject` and `predicateType`; there is no `_type`;
- with any other type, and with the record's full URI, the statement's exact bytes.

CUE: the files are one package, and the document must unify with it. Rego: version 0 of the language, and
`data.signature.allow` must be `true`, exactly; undefined is not. Numbers keep their digits, where cosign sends those of
a record through 64-bit floats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from assaymark.attest.policy.rules import Program
from assaymark.attest.policy.violation import Violation
from assaymark.attest.predicate import PredicateType, Shape
from assaymark.attest.reasons import Reason
from assaymark.attest.statement import Statement
from assaymark.attest.vuln import Database, Invocation, Scanner, Times, decode_record
from assaymark.safeio.cue import Cue, Definition
from assaymark.safeio.opa import UNDEFINED, Module, Opa

CUE: Final = ".cue"
REGO: Final = ".rego"
QUERY: Final = "data.signature.allow"
_ZERO_TIME: Final = "0001-01-01T00:00:00Z"
_FRACTION: Final = re.compile(r"\.([0-9]+)")

Ask = Callable[[bytes], tuple[Violation, ...]]
"""Puts one input before all programs."""


def policy_input(payload: bytes, statement: Statement, wanted: PredicateType) -> bytes:
    """What CUE and Rego see of a verified statement.

    Args:
        payload: the statement's exact bytes.
        statement: the same, decoded.
        wanted: the type that was asked for, by name or by URI.

    Raises:
        ValueError: it was asked for by the record's name, and is no record.
    """
    if wanted.shape is not Shape.VULN:
        return payload
    return msgspec.json.encode(
        {
            "subject": [{"name": subject.name, "digest": dict(subject.digests)} for subject in statement.subjects],
            "predicateType": statement.predicate_type,
            "predicate": _whole_record(statement.predicate),
        }
    )


def asker(programs: Sequence[Program], *, cue: Cue, opa: Opa) -> Ask:
    """Who puts an input before all of `programs`; what they cannot judge is an error."""
    definitions = [Definition(each.name, each.text) for each in programs if each.name.endswith(CUE)]
    modules = [Module(each.name, each.text) for each in programs if each.name.endswith(REGO)]

    def ask(document: bytes) -> tuple[Violation, ...]:
        violations: tuple[Violation, ...] = ()
        if definitions:
            violations += _cue_violations(definitions, cue.complaints(definitions, document))
        if modules:
            (answer,) = opa.answers(QUERY, modules, [document])
            violations += _rego_violations(modules, answer)
        return violations

    return ask


def _cue_violations(definitions: Sequence[Definition], complaints: Sequence[str]) -> tuple[Violation, ...]:
    names = ", ".join(definition.name for definition in definitions)
    return tuple(
        Violation(reason=Reason.POLICY_CUE, rule=names, message=f"it does not fit `{names}`: {text}", value=text)
        for text in complaints
    )


def _rego_violations(modules: Sequence[Module], answer: object) -> tuple[Violation, ...]:
    if answer is True:
        return ()
    names = ", ".join(module.name for module in modules)
    value = "undefined" if answer is UNDEFINED else msgspec.json.encode(answer).decode()[:500]
    text = f"`{QUERY}` of `{names}` is {value}, not true"
    return (Violation(reason=Reason.POLICY_REGO, rule=names, message=text, limit="true", value=value),)


def _whole_record(predicate: bytes) -> dict[str, object]:
    """Every member of the record's fixed parts, as Go writes a structure: blank where it is not there."""
    record = decode_record(predicate)
    invocation, scanner = record.invocation or Invocation(), record.scanner or Scanner()
    database, times = scanner.db or Database(), record.metadata or Times()
    return {
        "invocation": {
            "parameters": invocation.parameters,
            "uri": invocation.uri or "",
            "event_id": invocation.event_id or "",
            "builder.id": invocation.builder_id or "",
        },
        "scanner": {
            "uri": scanner.uri or "",
            "version": scanner.version or "",
            "db": {"uri": database.uri or "", "version": database.version or ""},
            "result": scanner.result,
        },
        "metadata": {"scanStartedOn": _go_time(times.started), "scanFinishedOn": _go_time(times.finished)},
    }


def _go_time(text: str | None) -> str:
    """A time as Go writes it again: at most nanoseconds, and no zeros behind them."""
    if not text:
        return _ZERO_TIME
    match = _FRACTION.search(text)
    if match is None:
        return text
    digits = match[1][:9].rstrip("0")
    return f"{text[: match.start()]}{'.' if digits else ''}{digits}{text[match.end() :]}"
