"""Cosign's vulnerability record: the predicate that `cosign attest --type vuln` expects.

Specification: "Cosign Vulnerability Scan Record Attestation Specification" (sigstore/cosign,
`specs/COSIGN_VULN_ATTESTATION_SPEC.md`), predicate type `https://cosign.sigstore.dev/attestation/vuln/v1`. Cosign keeps
exactly the fields below, and everything inside `parameters` and `result`; what it does not know it drops, so nothing of
ours stands elsewhere.

The truthful record, which is the default:

- `invocation` says who asked: allow-listed flags, the CI run, its event and its builder. `parameters` also has
  `coverage` (complete or not, and how many issues of each kind; the report inside `result` lists them) and `database`
  (when it was built, when its publisher promised the next, and whether it is only the sample), and where a findings
  policy denied something `denied`, how much each of its rules did.
- `scanner.db` names the database with its digest and version.
- `metadata` has the true start and finish of the scan.

`Rendering.blank_record` gives the reference's shape for those who compare: parameters `null`, every other fact of the
invocation and the database blank, and the moment of writing, which is the scan's finish, twice.

In both, `result` is the complete report: packages and findings that filters took out are always in it. No line feed
ends the document.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, BinaryIO, Final

import msgspec

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.issue import Coverage
from assaymark.model.report import Report, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gostream import stream_go
from assaymark.report.json import LONG_MEMBERS
from assaymark.report.scanner import scanner_purl

PREDICATE_TYPE: Final = "https://cosign.sigstore.dev/attestation/vuln/v1"


class RecordInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for the scan."""

    parameters: dict[str, Any] | None = None
    uri: str = ""
    event_id: str = ""
    builder_id: str = msgspec.field(name="builder.id", default="")


class RecordDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """Which database answered."""

    uri: str = ""
    version: str = ""


class RecordScanner(msgspec.Struct, frozen=True, kw_only=True):
    """What scanned, and what it found."""

    uri: str
    version: str
    db: RecordDatabase
    result: Report


class RecordMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """When."""

    started: str = msgspec.field(name="scanStartedOn")
    finished: str = msgspec.field(name="scanFinishedOn")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The predicate, in Cosign's order of keys."""

    invocation: RecordInvocation
    scanner: RecordScanner
    metadata: RecordMetadata


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The predicate's exact bytes: what is written is what gets signed."""
    long = {Record: ("scanner",), RecordScanner: ("result",), **LONG_MEMBERS}
    stream.writelines(stream_go(blank_record(scan) if rendering.blank_record else record(scan), long))


def record(scan: Scan) -> Record:
    """The truthful record of a scan."""
    return Record(
        invocation=RecordInvocation(
            parameters=_parameters(scan),
            uri=scan.invocation.uri,
            event_id=scan.invocation.event_id,
            builder_id=scan.invocation.builder_id,
        ),
        scanner=_scanner(scan.report, RecordDatabase(uri=scan.database.uri, version=scan.database.version)),
        metadata=RecordMetadata(started=scan.started, finished=scan.finished),
    )


def blank_record(scan: Scan) -> Record:
    """The reference's record: what it leaves blank is blank, and both times are the time of writing."""
    return Record(
        invocation=RecordInvocation(),
        scanner=_scanner(scan.report, RecordDatabase()),
        metadata=RecordMetadata(started=scan.finished, finished=scan.finished),
    )


def _scanner(report: Report, database: RecordDatabase) -> RecordScanner:
    scanner = report.scanner
    return RecordScanner(uri=scanner_purl(scanner), version=scanner.version, db=database, result=report)


def _parameters(scan: Scan) -> dict[str, Any]:
    parameters = dict(scan.invocation.parameters)
    if scan.report.coverage is not None:
        parameters["coverage"] = coverage_parameter(scan.report.coverage)
        denied = Counter(each.rule for each in scan.report.coverage.denied)
        if denied:
            parameters["denied"] = dict(sorted(denied.items()))
    if scan.database != DatabaseInfo():  # a stored report does not say which database answered
        parameters["database"] = _database_parameter(scan.database)
    return parameters


def coverage_parameter(coverage: Coverage) -> dict[str, Any]:
    """Whether everything was looked at, and what was not, counted by kind."""
    issues = Counter(issue.code.value for issue in coverage.issues)
    return {
        "complete": coverage.complete,
        "issues": dict(sorted(issues.items())),
        "notAnalysed": {each.kind: each.count for each in sorted(coverage.not_analysed, key=lambda each: each.kind)},
    }


def _database_parameter(database: DatabaseInfo) -> dict[str, Any]:
    return {"updatedAt": database.updated_at, "nextUpdate": database.next_update, "sample": database.sample}


FORMAT: Final = Format(
    name="cosign-vuln",
    media_type="application/json",
    summary="Cosign's vulnerability record, ready to be signed",
    write=write,
)
