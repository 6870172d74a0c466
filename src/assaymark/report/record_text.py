"""A vulnerability record for people: a few lines that say what it proves and what it does not.

Every text comes from a document that somebody else may have written, and is shown without control characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.report.plain import shorten, shown
from assaymark.report.record import RecordSummary, TopFinding
from assaymark.report.wording import SEVERITIES, Paint, amount, day_and_time, days_between, duration, kind_of

_BLANKS: Final = {
    "invocation": "who asked for the scan",
    "scanner.db": "which database was used",
    "metadata": "when the scan began and ended (both times are the moment of writing)",
}
_FALLBACK_WIDTH: Final = 120


def render_summary_text(summary: RecordSummary, *, colour: bool = False, width: int = 0, now: str = "") -> str:
    """The summary's lines, ready to be printed; `now` (RFC 3339) adds how long ago the scan was."""
    paint = Paint(colour=colour)
    lines = [*_facts(summary, now), *_findings(summary, paint, width), *_doubts(summary, paint)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _facts(summary: RecordSummary, now: str) -> Iterator[str]:
    artifact, database, scan = summary.artifact, summary.database, summary.scan
    kind = f" ({kind_of(shown(artifact.type))})" if artifact.type else ""
    yield _labelled("artifact", (shown(artifact.name) or "not named") + kind)
    yield from (_labelled("", shown(digest)) for digest in artifact.digests[:3])
    if artifact.system:
        yield _labelled("system", shown(artifact.system))
    yield _labelled("scanner", shown(summary.scanner.uri or summary.scanner.version) or "not named")
    age = "" if database.age_days is None else f", {amount(database.age_days, 'day')} old at the scan"
    name = shown(database.version or database.uri) or "not named"
    yield _labelled("database", ("SAMPLE, not for decisions: " if database.sample else "") + name + age)
    if database.version and database.uri:
        yield _labelled("", shown(database.uri))
    yield _labelled("scanned", _when(scan.started_on, scan.finished_on, now))
    by = " ".join(filter(None, (summary.invocation.uri, summary.invocation.builder_id)))
    if by:
        yield _labelled("asked by", shown(by))


def _when(started: str, finished: str, now: str) -> str:
    took = duration(started, finished)
    ago = days_between(finished, now)
    parts = [
        shown(day_and_time(finished)) or "at an unknown time",
        f"in {took}" if took and started != finished else "",
        "" if ago is None else f"({amount(ago, 'day')} ago)",
    ]
    return " ".join(filter(None, parts))


def _findings(summary: RecordSummary, paint: Paint, width: int) -> Iterator[str]:
    findings = summary.findings
    if not findings.known:
        yield _labelled("findings", "unknown: the result is in a format that is not read here")
        return
    counts = ", ".join(
        paint.severity(name, f"{name} {findings.severities[name]}")
        for name in SEVERITIES
        if findings.severities.get(name)
    )
    total = amount(findings.total, "vulnerability", "vulnerabilities")
    yield _labelled("findings", f"{total}, {findings.fixable} with a fix: {counts}" if findings.total else total)
    yield from (_top(finding, paint, width or _FALLBACK_WIDTH) for finding in findings.top)
    if findings.total > len(findings.top):
        yield f"    and {findings.total - len(findings.top)} more"


def _top(finding: TopFinding, paint: Paint, width: int) -> str:
    severity = f"{shown(finding.severity):<8}"
    fix = f"fixed in {shown(finding.fixed)}" if finding.fixed else "no fix"
    what = f"{shown(finding.id)}  {shown(finding.package)} {shown(finding.installed)}, {fix}"
    room = max(width - len(severity) - 6, 40)
    title = " ".join(finding.title.split())
    return f"    {paint.severity(finding.severity, severity)}  {shorten(f'{what}  {shown(title)}', room)}"


def _doubts(summary: RecordSummary, paint: Paint) -> Iterator[str]:
    coverage = summary.coverage
    if coverage.complete is None:
        yield _labelled("coverage", "the record does not say what was looked at")
    elif coverage.complete:
        yield _labelled("coverage", "complete")
    else:
        issues = ", ".join(f"{shown(code)} {count}" for code, count in coverage.issues.items())
        yield _labelled("coverage", paint.style("bad", "INCOMPLETE") + (f": {issues}" if issues else ""))
    if coverage.not_analysed:
        kinds = ", ".join(f"{count} {shown(kind)}" for kind, count in coverage.not_analysed.items())
        yield _labelled("", f"not analysed: {kinds}")
    if summary.full_report is not None:
        full = summary.full_report
        yield _labelled("in short", f"the full report is beside the image: {shown(full.digest)}, {full.size} bytes")
    for part in summary.blank:
        yield _labelled("blank", _BLANKS.get(part, part))


def _labelled(label: str, text: str) -> str:
    return f"{label:<10}{text}"
