"""The words of a comparison that every rendering shares: headings, what happened to a finding, and the two scans.

Nothing here is escaped: each rendering makes untrusted text inert in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.model.report import Scan
from assaymark.report.diff import Cause, Change, Difference, Kind
from assaymark.report.table_findings import title_of, without_fix
from assaymark.report.wording import SEVERITIES, amount, count_severities, day_and_time, kind_of, rank

HEADINGS: Final = {
    Kind.NEW: "New",
    Kind.WORSE: "Severity raised",
    Kind.MILDER: "Severity lowered",
    Kind.SUPPRESSED: "Suppressed",
    Kind.FIXED: "Fixed",
    Kind.NOT_LISTED: "No longer listed",
    Kind.UNCHANGED: "Unchanged",
}
COLUMNS: Final = ("Severity", "Vulnerability", "Package", "Version", "Fixed in", "What happened", "Title")
_MOST_VERSIONS: Final = 3


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One change in words."""

    severity: str
    id: str
    package: str
    version: str
    fix: str
    event: str
    title: str
    file: str
    url: str


def words_of(change: Change) -> Words:
    """The change in words."""
    finding = change.latest.finding
    return Words(
        severity=SEVERITIES[rank(finding.severity)],
        id=finding.vulnerability_id,
        package=finding.pkg_name,
        version=finding.installed_version,
        fix=finding.fixed_version or without_fix(finding),
        event="; ".join(_events(change)),
        title=title_of(finding),
        file=change.latest.file,
        url=finding.primary_url,
    )


def _events(change: Change) -> Iterator[str]:
    before, after = change.before, change.after
    if change.kind in {Kind.WORSE, Kind.MILDER} and before is not None:
        yield f"was {before.finding.severity}"
    if change.kind is Kind.SUPPRESSED and after is not None:
        yield after.suppressed
    if change.cause is Cause.PACKAGE_CHANGED:
        yield f"{'was' if change.kind is Kind.NEW else 'now'} {_some(change.versions)}"
    elif change.cause is not Cause.UNKNOWN:
        yield change.cause.value
    if before is not None and after is not None:
        yield from _between(change)


def _between(change: Change) -> Iterator[str]:
    assert change.before is not None
    assert change.after is not None
    was, now = change.before.finding, change.after.finding
    if was.installed_version != now.installed_version:
        yield f"was {was.installed_version}"
    if now.fixed_version and not was.fixed_version:
        yield "a fix came out"


def _some(versions: tuple[str, ...]) -> str:
    return ", ".join(versions[:_MOST_VERSIONS]) + (", …" if len(versions) > _MOST_VERSIONS else "")


def counts_of(difference: Difference) -> dict[Kind, int]:
    """How many of each kind; raised, lowered, suppressed and not listed ones only where there are any."""
    counts = {kind: len(difference.of_kind(kind)) for kind in Kind}
    always = {Kind.NEW, Kind.FIXED, Kind.UNCHANGED}
    return {kind: count for kind, count in counts.items() if count or kind in always}


def severities_of(changes: list[Change]) -> dict[str, int]:
    """How many of each severity, worst first, without those that are not there."""
    counts = count_severities(change.latest.finding.severity for change in changes)
    return {name: count for name, count in counts.items() if count}


def scan_words(scan: Scan) -> Iterator[str]:
    """What was scanned, and when, with which database; untrusted."""
    report, database = scan.report, scan.database
    kind = f" ({kind_of(report.artifact_type)})" if report.artifact_type else ""
    yield (report.artifact_name or "an artifact without a name") + kind
    if scan.subject:
        yield scan.subject
    scanner = f"{report.scanner.name} {report.scanner.version}".strip()
    yield f"scanned {day_and_time(scan.finished) or 'at an unknown time'} by {scanner}"
    if database.updated_at or database.version:
        yield f"database {day_and_time(database.updated_at) or database.version}"
    found = sum(len(result.vulnerabilities) for result in report.results)
    yield amount(found, "vulnerability", "vulnerabilities")
