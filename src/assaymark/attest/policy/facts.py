"""What a verified vulnerability record says, as far as policies ask: findings, times, completeness, filters.

Read from the predicate's exact bytes: Cosign's record (`assaymark.attest.vuln`), or in-toto's predicate of the same
shape (in-toto attestation framework, `spec/predicates/vulns_02.md`). Rules:

- findings are known where `scanner.result` is a report with `SchemaVersion` 2 (ours, Trivy's), and every part of it
  that holds findings has the right shape. Anything else is "not known", which is never "nothing was found": results of
  other scanners, lists that are none, and member names in another letter case, which some readers take for the right
  ones;
- of in-toto's predicate (`vulns/v0.2`) they are known where `scanner.result` is its list; the severity of an entry is
  the worst word among its scores: a number without a word is no severity;
- findings that a filter took out are known, where the scan was asked to show them (`ExperimentalModifiedFindings`);
- a severity that is no known word, in whatever letter case, is `UNKNOWN`;
- the database's time is `scanner.db.lastUpdate` (in-toto's name for it), else what our records keep in
  `invocation.parameters.database.updatedAt`, else a day in `scanner.db.version`;
- the scan was complete only if the record says so (in in-toto's predicate `scanner.assaymark_coverage`), and nothing in
  it says otherwise;
- `invocation.parameters` of our records say which findings were never reported, and what took others out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from assaymark.attest.policy.rules import LEVELS
from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.strict import decode_document, refuse_case_variants
from assaymark.attest.vuln import decode_record
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.moment import parse_time

UNKNOWN: Final = "UNKNOWN"
INTOTO_TYPE: Final = "https://in-toto.io/attestation/vulns/v0.2"
RECORD_TYPES: Final = frozenset({VULN_TYPE, INTOTO_TYPE})
_SCHEMA: Final = 2
_DAY: Final = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{8,18}Z)?(?![0-9])")
_RECORD: Final = ("invocation", "scanner", "metadata")
_SCANNER: Final = ("uri", "version", "db", "result")
_METADATA: Final = ("scanStartedOn", "scanFinishedOn")
_REPORT: Final = ("SchemaVersion", "Results", "Coverage")
_RESULT: Final = ("Vulnerabilities", "ExperimentalModifiedFindings", "Target")
_MODIFIED: Final = ("Finding",)
_ENTRY: Final = ("id", "severity", "annotations")
_FINDING: Final = ("VulnerabilityID", "VendorIDs", "PkgName", "InstalledVersion", "FixedVersion", "Severity")
_HIDING_FLAGS: Final = ("ignore-status", "pkg-types", "pkg-relationships", "skip-dirs", "skip-files")
_HIDING_FILES: Final = {
    "ignoreFile": "an ignore file",
    "findingsPolicy": "a findings policy",
    "ignorePolicy": "an ignore policy",
    "vex": "VEX",
}


class RecordedFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability in one package.

    Attributes:
        id: as the record spells it.
        aliases: what the distribution calls it.
        package, installed, fixed: `fixed` is empty where there is no fix.
        severity: one of `LEVELS` without `NONE`, or `UNKNOWN`.
        platform: which one, in a record of an index with the findings of all of its platforms.
    """

    id: str
    package: str
    installed: str = ""
    fixed: str = ""
    severity: str = UNKNOWN
    aliases: tuple[str, ...] = ()
    platform: str = ""

    @property
    def where(self) -> str:
        """The package with its version."""
        return f"{self.package} {self.installed}".strip()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A record's facts; None and empty where it does not say.

    Attributes:
        findings: None where the result cannot be read.
        suppressed: those that filters took out, as far as the record shows them.
        severities: those that the scan was asked to report; empty for all.
        fixable_only: whether findings without a fix were left out.
        filters: what else left findings out, for people.
        sample: whether the database was the small one that ships with the program.
    """

    findings: tuple[RecordedFinding, ...] | None = None
    suppressed: tuple[RecordedFinding, ...] = ()
    finished: datetime | None = None
    database_time: datetime | None = None
    complete: bool | None = None
    severities: tuple[str, ...] = ()
    fixable_only: bool = False
    filters: tuple[str, ...] = ()
    sample: bool = False


class _Listed(msgspec.Struct, frozen=True):
    """The findings of a report, and those that filters took out."""

    found: tuple[RecordedFinding, ...]
    suppressed: tuple[RecordedFinding, ...] = ()


def read_facts(predicate: bytes, kind: str = VULN_TYPE, *, limits: Limits = DEFAULT_LIMITS) -> Facts:
    """The facts of a vulnerability record; `kind` is its predicate type, one of `RECORD_TYPES`.

    Raises:
        VerificationError: `PREDICATE_MALFORMED`: it can be read in several ways or in none.
    """
    record = decode_document(predicate, limits=limits, what="the record", reason=Reason.PREDICATE_MALFORMED)
    try:
        refuse_case_variants(record, _RECORD, what="the record")
        refuse_case_variants(_child(record, "scanner"), _SCANNER, what="the record's scanner")
        refuse_case_variants(_child(record, "metadata"), _METADATA, what="the record's metadata")
    except ValueError as exc:
        raise refuse(Reason.PREDICATE_MALFORMED, str(exc)) from exc
    scanner, parameters = _child(record, "scanner"), _child(_child(record, "invocation"), "parameters")
    flags, result = _child(parameters, "flags"), scanner.get("result")
    listed = _intoto_findings(result) if kind == INTOTO_TYPE else _findings(result, _platforms(parameters))
    return Facts(
        findings=listed.found if listed is not None else None,
        suppressed=listed.suppressed if listed is not None else (),
        finished=_time(_child(record, "metadata").get("scanFinishedOn")),
        database_time=_database_time(_child(scanner, "db"), _child(parameters, "database")),
        complete=_complete(
            _child(parameters, "coverage"), _child(result, "Coverage"), _child(scanner, "assaymark_coverage")
        ),
        severities=tuple(level.upper() for level in _words(flags.get("severity"))),
        fixable_only=flags.get("ignore-unfixed") not in (None, False, "false"),
        filters=tuple(_filters(parameters, flags)),
        sample=_child(parameters, "database").get("sample") is True,
    )


def read_times(predicate: bytes) -> Facts | None:
    """When a record's scan ended, and nothing else of it; None where it is no record."""
    try:
        record = decode_record(predicate)
    except ValueError:
        return None
    return Facts(finished=_time(record.metadata.finished if record.metadata else None))


def _intoto_findings(result: object) -> _Listed | None:
    """Each entry, with the packages that our annotations name."""
    if result is None:
        return None
    try:
        return _Listed(tuple(found for entry in _objects(result) for found in _intoto_entry(entry)))
    except ValueError:
        return None


def _intoto_entry(entry: Mapping[str, Any]) -> Iterator[RecordedFinding]:
    refuse_case_variants(entry, _ENTRY, what="an entry")
    words = {_text(score.get("score")).upper() for score in _objects(entry.get("severity"))}
    severity = next((level for level in reversed(LEVELS[1:]) if level in words), UNKNOWN)
    for annotation in list(_objects(entry.get("annotations"))) or [{}]:
        yield RecordedFinding(
            id=_text(entry.get("id")),
            package=_text(annotation.get("package")),
            installed=_text(annotation.get("version")),
            fixed=_text(annotation.get("fixedVersion")),
            severity=severity,
        )


def _platforms(parameters: Mapping[str, Any]) -> frozenset[str]:
    """What the record of an index was made from (`assaymark.report.platforms`, rule 4)."""
    listed = parameters.get("platforms")
    named = (_text(_child({"": each}, "").get("platform")) for each in listed) if isinstance(listed, list) else ()
    return frozenset(filter(None, named))


def _findings(result: object, platforms: frozenset[str]) -> _Listed | None:
    if not isinstance(result, dict) or result.get("SchemaVersion") != _SCHEMA:
        return None
    found, suppressed = list[RecordedFinding](), list[RecordedFinding]()
    try:
        refuse_case_variants(result, _REPORT, what="the report")
        for part in _objects(result.get("Results")):
            refuse_case_variants(part, _RESULT, what="a result")
            platform = _platform(part, platforms)
            found += (_finding(entry, platform) for entry in _objects(part.get("Vulnerabilities")))
            suppressed += (each for entry in _modified(part) if (each := _finding(entry, platform)).id)
    except ValueError:
        return None
    return _Listed(tuple(found), tuple(suppressed))


def _modified(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Of all kinds; those without a vulnerability are misconfigurations and the like."""
    for entry in _objects(part.get("ExperimentalModifiedFindings")):
        refuse_case_variants(entry, _MODIFIED, what="a finding that was taken out")
        yield from _objects([entry.get("Finding") or {}])


def _platform(part: Mapping[str, Any], platforms: frozenset[str]) -> str:
    named = _text(part.get("Target")).partition(": ")[0]
    return named if named in platforms else ""


def _finding(entry: Mapping[str, Any], platform: str) -> RecordedFinding:
    refuse_case_variants(entry, _FINDING, what="a finding")
    severity = _text(entry.get("Severity")).upper()
    return RecordedFinding(
        id=_text(entry.get("VulnerabilityID")),
        package=_text(entry.get("PkgName")),
        installed=_text(entry.get("InstalledVersion")),
        fixed=_text(entry.get("FixedVersion")),
        severity=severity if severity in LEVELS[1:] else UNKNOWN,
        aliases=tuple(_texts(entry.get("VendorIDs"))),
        platform=platform,
    )


def _filters(parameters: Mapping[str, Any], flags: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for member, name in _HIDING_FILES.items() if parameters.get(member))
    yield from (f"`--{flag}`" for flag in _HIDING_FLAGS if flags.get(flag))


def _complete(*stated: Mapping[str, Any]) -> bool | None:
    """Our parameters say it, and the report itself; one that says no is enough."""
    answers = [part.get(name) for part in stated for name in ("complete", "Complete") if name in part]
    if any(answer is False for answer in answers):
        return False
    return True if answers and all(answer is True for answer in answers) else None


def _database_time(database: Mapping[str, Any], told: Mapping[str, Any]) -> datetime | None:
    day = _DAY.search(_text(database.get("version")))
    stated = (database.get("lastUpdate"), told.get("updatedAt"), day.group() if day else "")
    return next((moment for moment in map(_time, stated) if moment is not None), None)


def _time(value: object) -> datetime | None:
    moment = parse_time(value) if isinstance(value, str) else None
    try:
        return moment.astimezone(UTC) if moment is not None else None
    except OverflowError:  # the last day of the year 9999, west of Greenwich
        return None


def _child(parent: object, name: str) -> Mapping[str, Any]:
    value = parent.get(name) if isinstance(parent, Mapping) else None
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; null is an empty one, as Go writes it.

    Raises:
        ValueError: it is no list of objects.
    """
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("expected a list of objects")
    yield from value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def _words(value: object) -> Iterator[str]:
    """A list of words, which some write as one text."""
    if isinstance(value, str):
        value = value.split(",")
    yield from (word for each in _texts(value) if (word := each.strip()))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
