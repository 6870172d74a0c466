"""Stored scans read back: JSON reports and vulnerability records, ours and the reference's, as the scan they tell of.

1. A record (`assaymark.report.cosign_vuln`) is told by its `scanner`, a statement (in-toto) by its `predicate`, which
   then is the record; everything else has to be a report of `SchemaVersion` 2.
2. Nothing is stamped anew: a record's times are the scan's; a report knows only its `CreatedAt`, which is both.
3. A record also says which database answered and who asked; a report does not, and blanks stay blank.
4. The reference names itself in `Trivy` where we have `Scanner`. Results that are neither packages nor vulnerabilities
   (secrets, misconfigurations, licences) are left out: nothing here reads them.
5. `null` is a list, a map or a value that is not there: Go writes empty ones so, as old versions of the reference did.

Members match by their exact names, as both programs write them. What is read may have been signed by somebody or by
nobody: this module proves nothing, and an envelope or a bundle is refused, because what it holds has to be verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.report import Invocation, Report, Result, Scan
from assaymark.report.cosign_vuln import RecordDatabase, RecordInvocation, RecordMetadata
from assaymark.report.scanner import REFERENCE
from assaymark.safeio.json import decode_go

Decoded = TypeVar("Decoded")

_SCHEMA: Final = 2
_LISTED: Final = frozenset({"os-pkgs", "lang-pkgs", ""})
_RECOMPUTED: Final = ("coverage", "database", "denied")
"""Parameters of a record that are made from the report and the database when it is written."""
_KEPT_WHOLE: Final = frozenset({"ImageConfig"})
"""What is not ours to read: it is written again as it is, `null` included."""


class StoredScan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan as a file tells of it.

    Attributes:
        is_record: whether it was a record, which says more than a report.
        left_out: how many results of each class were not read; by class.
    """

    scan: Scan
    is_record: bool = False
    left_out: dict[str, int] = {}


def read_stored_scan(data: bytes, *, limits: Limits, what: str) -> StoredScan:
    """The scan that a report or a record tells of.

    Args:
        data: the whole document.
        limits: the bounds.
        what: how messages call it.

    Raises:
        ArtifactError: it is neither a report nor a record, or malformed.
        LimitError: it is too large or too deep.
    """
    bounds = msgspec.structs.replace(limits, json_bytes=limits.report_bytes, json_values=limits.report_values)
    document = decode_go(data, limits=bounds, what=what)
    if not isinstance(document, dict):
        raise _unknown(what)
    if "payloadType" in document or "dsseEnvelope" in document:
        raise ArtifactError(
            f"`{what}` is an attestation, and what it holds was not verified",
            hint="`assaymark verify-attestation --report` writes what a verified one holds",
        )
    if isinstance(document.get("predicate"), dict):
        if not document.keys().isdisjoint({"scanner", "SchemaVersion"}):
            raise ArtifactError(f"`{what}` can be read in several ways: as a statement, and as what a statement holds")
        document = document["predicate"]
    if isinstance(document.get("scanner"), dict):
        return _from_record(document, what)
    if document.get("SchemaVersion") != _SCHEMA:
        raise _unknown(what)
    report, left_out = _report(document, what)
    scan = Scan(
        report=report,
        invocation=Invocation(),
        database=DatabaseInfo(),
        started=report.created_at,
        finished=report.created_at,
    )
    return StoredScan(scan=scan, left_out=left_out)


def _from_record(record: Mapping[str, Any], what: str) -> StoredScan:
    """Rules 2 and 3."""
    result = record["scanner"].get("result")
    if not isinstance(result, dict) or result.get("SchemaVersion") != _SCHEMA:
        raise ArtifactError(f"`{what}` is a vulnerability record with a result in a format that is not read")
    report, left_out = _report(result, what)
    invocation = _converted(record.get("invocation"), RecordInvocation, what)
    times = _converted({"scanStartedOn": "", "scanFinishedOn": ""} | _members(record, "metadata"), RecordMetadata, what)
    named = _converted(record["scanner"].get("db"), RecordDatabase, what)
    parameters = invocation.parameters or {}
    scan = Scan(
        report=report,
        invocation=Invocation(
            parameters={key: value for key, value in parameters.items() if key not in _RECOMPUTED},
            uri=invocation.uri,
            event_id=invocation.event_id,
            builder_id=invocation.builder_id,
        ),
        database=_database(named, _members(parameters, "database")),
        started=times.started or report.created_at,
        finished=times.finished or report.created_at,
    )
    return StoredScan(scan=scan, is_record=True, left_out=left_out)


def _database(named: RecordDatabase, told: Mapping[str, Any]) -> DatabaseInfo:
    texts = {key: value for key, value in told.items() if isinstance(value, str)}
    return DatabaseInfo(
        uri=named.uri,
        version=named.version,
        updated_at=texts.get("updatedAt", ""),
        next_update=texts.get("nextUpdate", ""),
        sample=told.get("sample") is True,
    )


def _report(document: dict[str, Any], what: str) -> tuple[Report, dict[str, int]]:
    """The report, and what of it was left out."""
    _drop_nulls(document)
    members = {"ReportID": "", "CreatedAt": "", **document, "Scanner": _scanner(document)}
    report = _converted(members, Report, what)
    left_out: dict[str, int] = {}
    for result in report.results:
        if not _is_read(result):
            left_out[result.class_] = left_out.get(result.class_, 0) + 1
    return msgspec.structs.replace(report, results=tuple(filter(_is_read, report.results))), left_out


def _drop_nulls(document: dict[str, Any]) -> None:
    """Rule 5; with a list of what is to be done, because a hostile document is nested deeper than calls may be."""
    pending: list[Any] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            for name in [name for name, member in value.items() if member is None]:
                del value[name]
            pending.extend(member for name, member in value.items() if name not in _KEPT_WHOLE)


def _scanner(document: Mapping[str, Any]) -> dict[str, str]:
    """Rule 4; a report that names no program was made by the reference before it named itself."""
    own = _members(document, "Scanner")
    if own:
        return {"Name": own.get("Name", ""), "Version": own.get("Version", "")}
    return {"Name": REFERENCE, "Version": _members(document, REFERENCE).get("Version", "")}


def _is_read(result: Result) -> bool:
    return result.class_ in _LISTED or bool(result.packages or result.vulnerabilities)


def _members(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _converted(members: Any, kind: type[Decoded], what: str) -> Decoded:
    try:
        return msgspec.convert({} if members is None else members, kind)
    except msgspec.ValidationError as exc:
        raise ArtifactError(f"`{what}` has another shape than reports and records: {exc}") from exc


def _unknown(what: str) -> ArtifactError:
    return ArtifactError(
        f"`{what}` is no report that is known",
        hint="JSON reports and records are read (`--format json`, `cosign-vuln`); `assaymark sbom` scans SBOMs",
    )
