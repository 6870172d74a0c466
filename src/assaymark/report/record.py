"""Vulnerability records read back: what a signed predicate says, in one value.

Reads Cosign's vulnerability predicate (`assaymark.report.cosign_vuln` has the specification) as we, the reference or
anybody else wrote it. What the record leaves blank is named in `blank` instead of being passed over; a `result` in a
format that is not known has no counts, which is not the same as zero findings.

Keys of a summary as JSON, which stay as they are:

| key | meaning |
|---|---|
| `scanner` | `uri`, `version` |
| `database` | `uri`, `version`, `updatedAt`, `ageDays` (when the scan ended; null where unknown), `sample` |
| `scan` | `startedOn`, `finishedOn` |
| `invocation` | `uri`, `eventId`, `builderId`, `parameters` (null where blank) |
| `artifact` | `name`, `type`, `system`, `digests` |
| `findings` | `known` (false where `result` cannot be read), `total`, `fixable`, `severities`, `top` |
| `coverage` | `complete` (null where the record does not say), `issues`, `notAnalysed` |
| `fullReport` | of a compact record: `mediaType`, `digest`, `size` of the report that was left out; else null |
| `blank` | parts of the record without content: `invocation`, `scanner.db`, `metadata` |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.model.moment import parse_time
from assaymark.report.wording import count_severities, days_between, rank
from assaymark.safeio.json import decode_strict

TOP_FINDINGS: Final = 10
_DAY = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{8,18}Z)?(?![0-9])")


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Keys in camel case."""


class ScannerPart(_Part, frozen=True, kw_only=True):
    """What scanned."""

    uri: str = ""
    version: str = ""


class DatabasePart(_Part, frozen=True, kw_only=True):
    """Which database answered, and how old it was when the scan ended."""

    uri: str = ""
    version: str = ""
    updated_at: str = ""
    age_days: int | None = None
    sample: bool = False


class ScanPart(_Part, frozen=True, kw_only=True):
    """When."""

    started_on: str = ""
    finished_on: str = ""


class InvocationPart(_Part, frozen=True, kw_only=True):
    """Who asked."""

    uri: str = ""
    event_id: str = ""
    builder_id: str = ""
    parameters: Any = None


class ArtifactPart(_Part, frozen=True, kw_only=True):
    """What was scanned."""

    name: str = ""
    type: str = ""
    system: str = ""
    digests: tuple[str, ...] = ()


class TopFinding(_Part, frozen=True, kw_only=True):
    """One of the worst findings."""

    id: str = ""
    severity: str = ""
    package: str = ""
    installed: str = ""
    fixed: str = ""
    title: str = ""
    url: str = ""


class FindingsPart(_Part, frozen=True, kw_only=True):
    """How many of each severity; `known` is false where the result's format is not ours."""

    known: bool = False
    total: int = 0
    fixable: int = 0
    severities: dict[str, int] = {}
    top: tuple[TopFinding, ...] = ()


class CoveragePart(_Part, frozen=True, kw_only=True):
    """What was not looked at; `complete` is None where the record does not say."""

    complete: bool | None = None
    issues: dict[str, int] = {}
    not_analysed: dict[str, int] = {}


class FullReportPart(_Part, frozen=True, kw_only=True):
    """The report that a compact record leaves out."""

    media_type: str = ""
    digest: str = ""
    size: int = 0


class RecordSummary(_Part, frozen=True, kw_only=True):
    """A record in short."""

    scanner: ScannerPart
    database: DatabasePart
    scan: ScanPart
    invocation: InvocationPart
    artifact: ArtifactPart
    findings: FindingsPart
    coverage: CoveragePart
    full_report: FullReportPart | None = None
    blank: tuple[str, ...] = ()


def parse_record(data: bytes, limits: Limits) -> RecordSummary:
    """The summary of a predicate's exact bytes.

    Raises:
        ArtifactError: they are no JSON object, are ambiguous, or a field of the record has another type.
        LimitError: they are too large or too deep.
    """
    document = decode_strict(data, limits=limits, what="vulnerability record")
    if not isinstance(document, dict):
        raise ArtifactError("the vulnerability record is not a JSON object")
    return summarise(document)


def summarise(predicate: Mapping[str, Any]) -> RecordSummary:
    """The summary of a decoded predicate.

    Raises:
        ArtifactError: a field of the record has another type than Cosign gives it.
    """
    scanner, metadata = _object(predicate, "scanner"), _object(predicate, "metadata")
    invocation = _invocation(_object(predicate, "invocation"))
    scan = ScanPart(started_on=_text(metadata, "scanStartedOn"), finished_on=_text(metadata, "scanFinishedOn"))
    database = _database(_object(scanner, "db"), invocation.parameters, scan)
    result = scanner.get("result")
    return RecordSummary(
        scanner=ScannerPart(uri=_text(scanner, "uri"), version=_text(scanner, "version")),
        database=database,
        scan=scan,
        invocation=invocation,
        artifact=_artifact(result),
        findings=_findings(result),
        coverage=_coverage(invocation.parameters, result),
        full_report=_full_report(result),
        blank=tuple(_blank(invocation, database, scan)),
    )


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArtifactError(f"the vulnerability record's `{key}` is not an object")
    return value


def _text(parent: Mapping[str, Any], key: str) -> str:
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ArtifactError(f"the vulnerability record's `{key}` is not a string")
    return value


def _invocation(part: Mapping[str, Any]) -> InvocationPart:
    return InvocationPart(
        uri=_text(part, "uri"),
        event_id=_text(part, "event_id"),
        builder_id=_text(part, "builder.id"),
        parameters=part.get("parameters") or None,
    )


def _database(part: Mapping[str, Any], parameters: Any, scan: ScanPart) -> DatabasePart:
    told = _lenient(_lenient(parameters).get("database"))
    version = _text(part, "version")
    day = _DAY.search(version)
    updated = _string(told.get("updatedAt")) or (day.group() if day else "")
    return DatabasePart(
        uri=_text(part, "uri"),
        version=version,
        updated_at=updated,
        age_days=days_between(updated, scan.finished_on),
        sample=told.get("sample") is True,
    )


def _blank(invocation: InvocationPart, database: DatabasePart, scan: ScanPart) -> Iterator[str]:
    if not (invocation.uri or invocation.event_id or invocation.builder_id or invocation.parameters):
        yield "invocation"
    if not (database.uri or database.version):
        yield "scanner.db"
    # equal times are the moment of writing, not the interval of a scan
    if parse_time(scan.started_on) is None or scan.started_on == scan.finished_on:
        yield "metadata"


# `result` and `parameters` are anything at all: what has not the expected shape is not there


def _lenient(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _counts(value: Any) -> dict[str, int]:
    return {key: count for key, count in _lenient(value).items() if isinstance(count, int)}


def _artifact(result: Any) -> ArtifactPart:
    report = _lenient(result)
    metadata = _lenient(report.get("Metadata"))
    system = _lenient(metadata.get("OS"))
    digests = metadata.get("RepoDigests")
    return ArtifactPart(
        name=_string(report.get("ArtifactName")),
        type=_string(report.get("ArtifactType")),
        system=f"{_string(system.get('Family'))} {_string(system.get('Name'))}".strip(),
        digests=tuple(each for each in digests if isinstance(each, str)) if isinstance(digests, list) else (),
    )


def _findings(result: Any) -> FindingsPart:
    report = _lenient(result)
    if report.get("SchemaVersion") != 2:
        return FindingsPart()
    found = [finding for target in _items(report.get("Results")) for finding in _items(target.get("Vulnerabilities"))]
    worst = sorted(map(_top, found), key=lambda top: (rank(top.severity), not top.fixed, top.id, top.package))
    return FindingsPart(
        known=True,
        total=len(found),
        fixable=sum(1 for top in worst if top.fixed),
        severities=count_severities(top.severity for top in worst),
        top=tuple(worst[:TOP_FINDINGS]),
    )


def _top(finding: Mapping[str, Any]) -> TopFinding:
    return TopFinding(
        id=_string(finding.get("VulnerabilityID")),
        severity=_string(finding.get("Severity")),
        package=_string(finding.get("PkgName")),
        installed=_string(finding.get("InstalledVersion")),
        fixed=_string(finding.get("FixedVersion")),
        title=_string(finding.get("Title")),
        url=_string(finding.get("PrimaryURL")),
    )


def _coverage(parameters: Any, result: Any) -> CoveragePart:
    told = _lenient(_lenient(parameters).get("coverage"))
    stated = told.get("complete", _lenient(_lenient(result).get("Coverage")).get("Complete"))
    return CoveragePart(
        complete=stated if isinstance(stated, bool) else None,
        issues=_counts(told.get("issues")),
        not_analysed=_counts(told.get("notAnalysed")),
    )


def _full_report(result: Any) -> FullReportPart | None:
    told = _lenient(_lenient(result).get("FullReport"))
    size = told.get("Size")
    if not told or not isinstance(size, int):
        return None
    return FullReportPart(media_type=_string(told.get("MediaType")), digest=_string(told.get("Digest")), size=size)
