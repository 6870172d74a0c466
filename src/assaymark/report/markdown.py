"""Markdown for pull requests, job summaries and wikis (GitHub Flavored Markdown; untrusted text: `report.gfm`).

First what a reviewer has to know: how many findings of each severity and how many can be fixed, what was not looked at,
and how old the database was. Then a table for each target, worst first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from assaymark.model.finding import Finding
from assaymark.model.report import Report, Result, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gfm import code, link, prose
from assaymark.report.shortfall import shortfalls
from assaymark.report.wording import (
    amount,
    count_severities,
    day_and_time,
    days_between,
    kind_of,
    rank,
)

_SHORTFALLS_SHOWN: Final = 20
_TITLE_CHARS: Final = 120


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One document."""
    del rendering
    stream.writelines(text.encode() + b"\n" for text in _lines(scan))


def _lines(scan: Scan) -> Iterator[str]:
    report = scan.report
    findings = [finding for result in report.results for finding in result.vulnerabilities]
    yield f"# Vulnerabilities in {prose(report.artifact_name or 'an artifact without a name')}"
    yield ""
    yield _summary(findings)
    yield ""
    counts = count_severities(finding.severity for finding in findings)
    yield _row(severity.capitalize() for severity in counts)
    yield _row("---:" for _ in counts)
    yield _row(str(count) for count in counts.values())
    yield from _missed(report)
    yield ""
    yield from _provenance(scan)
    for result in report.results:
        if result.vulnerabilities:
            yield from _target(result)


def _summary(findings: list[Finding]) -> str:
    if not findings:
        return "No vulnerabilities were found."
    found = amount(len(findings), "vulnerability", "vulnerabilities")
    packages = amount(len({(finding.pkg_name, finding.installed_version) for finding in findings}), "package")
    fixed = sum(1 for finding in findings if finding.fixed_version)
    return f"**{found}** in {packages}, {fixed} with a fix."


def _missed(report: Report) -> Iterator[str]:
    """What was not looked at, as a list that is not too long for a comment."""
    missed = list(shortfalls(report.coverage))
    if not missed:
        return
    yield ""
    yield "**The scan is incomplete.** It did not look at everything:"
    yield ""
    for each in missed[:_SHORTFALLS_SHOWN]:
        yield f"- {code(each.path) + ': ' if each.path else ''}{prose(each.message)}"
    if len(missed) > _SHORTFALLS_SHOWN:
        yield f"- {len(missed) - _SHORTFALLS_SHOWN} more, which the JSON report lists"


def _provenance(scan: Scan) -> Iterator[str]:
    report, database = scan.report, scan.database
    system = report.metadata.os
    scanner = f"{report.scanner.name} {report.scanner.version}".strip()
    facts = {
        "Kind": prose(kind_of(report.artifact_type)),
        "System": prose(f"{system.family} {system.name}{', out of support' if system.eosl else ''}") if system else "",
        "Digest": code(scan.subject),
        "Scanned": prose(f"{day_and_time(scan.finished) or 'at an unknown time'} by {scanner}"),
        "Database": prose(_built(database.updated_at, scan.finished)),
        "Database digest": code(database.uri),
    }
    yield from (f"- {name}: {fact}" for name, fact in facts.items() if fact)


def _built(updated: str, now: str) -> str:
    days = days_between(updated, now)
    return f"built {day_and_time(updated)}, {amount(days, 'day')} old" if days is not None else ""


def _target(result: Result) -> Iterator[str]:
    kind = "" if result.class_ == "os-pkgs" or not result.type else f" ({prose(result.type)})"
    yield ""
    yield f"## {prose(result.target)}{kind}"
    yield ""
    yield _row(("Severity", "Vulnerability", "Package", "Installed", "Fixed in", "Title"))
    yield _row(("---",) * 6)
    for finding in sorted(result.vulnerabilities, key=_order):
        yield _row(_cells(finding))


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return rank(finding.severity), finding.vulnerability_id, finding.pkg_name, finding.installed_version


def _cells(finding: Finding) -> Iterator[str]:
    title = finding.title or finding.description.partition(". ")[0]
    words = " ".join(title.split())
    yield prose(finding.severity)
    yield link(finding.vulnerability_id, finding.primary_url)
    yield code(finding.pkg_name) + (f" in {code(finding.pkg_path)}" if finding.pkg_path else "")
    yield code(finding.installed_version)
    yield code(finding.fixed_version) or prose(finding.status.replace("_", " "))
    yield prose(words if len(words) <= _TITLE_CHARS else words[: _TITLE_CHARS - 1] + "…")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


FORMAT: Final = Format(
    name="markdown", media_type="text/markdown", summary="Markdown, for pull requests and summaries", write=write
)
