"""The table's rows: every finding of one target, worst first.

Within a severity, findings are ordered by vulnerability and package. On a terminal a vulnerability is told once: its
packages stand below each other, then its link, which is never cut, because half a link leads nowhere. When piped, a
row is whole: severity, vulnerability, package, installed version, fix, title, link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.report import Result
from assaymark.report.plain import columns, pad, shorten, shown
from assaymark.report.wording import SEVERITIES, Paint, amount, rank

_HEADINGS: Final = ("Vulnerability", "Package", "Installed", "Fixed in")
_CELL_COLUMNS: Final = 32
_TITLE_COLUMNS: Final = 24
_INDENT: Final = "    "

Cells = tuple[str, ...]


def findings_of(result: Result, width: int, paint: Paint) -> Iterator[str]:
    """A target's heading and its findings; `width` 0 means that no terminal is there."""
    kind = "" if result.class_ == "os-pkgs" or not result.type else f" ({shown(result.type)})"
    found = amount(len(result.vulnerabilities), "vulnerability", "vulnerabilities")
    yield f"{paint.style('bold', shown(result.target) + kind)}: {found}"
    rows = [(finding, _cells(finding)) for finding in sorted(result.vulnerabilities, key=_order)]
    sizes = _sizes([cells for _, cells in rows], limit=_CELL_COLUMNS if width else 0)
    if width:
        yield _INDENT + paint.style("dim", f"{_joined(_HEADINGS, sizes)}  Title")
    for severity, members in groupby(rows, key=lambda row: SEVERITIES[rank(row[0].severity)]):
        group = list(members)
        if not width:
            yield from (_whole(finding, cells, sizes) for finding, cells in group)
            continue
        yield f"  {paint.severity(severity, f'{severity} ({len(group)})')}"
        for _, same in groupby(group, key=lambda row: row[0].vulnerability_id):
            yield from _told_once(list(same), sizes, width, paint)


def suppressed_of(result: Result, paint: Paint) -> Iterator[str]:
    """What filters took out of a target, and why."""
    count = amount(len(result.modified_findings), "vulnerability", "vulnerabilities")
    yield f"{paint.style('bold', shown(result.target))}: {count} left out by filters"
    for modified in result.modified_findings:
        yield f"{_INDENT}{_reason(modified)}"


def title_of(finding: Finding) -> str:
    """The title, or the description's first sentence, on one line."""
    return " ".join((finding.title or finding.description.partition(". ")[0]).split())


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    return (
        rank(finding.severity),
        finding.vulnerability_id,
        finding.pkg_name,
        finding.installed_version,
        finding.pkg_path,
    )


def _cells(finding: Finding) -> Cells:
    package = finding.pkg_name + (f" ({finding.pkg_path.rpartition('/')[2]})" if finding.pkg_path else "")
    status = "" if finding.status in {"affected", "unknown", ""} else f" ({finding.status.replace('_', ' ')})"
    fix = finding.fixed_version or f"no fix{status}"
    return shown(finding.vulnerability_id), shown(package), shown(finding.installed_version), shown(fix)


def _sizes(rows: list[Cells], *, limit: int) -> list[int]:
    """Columns of each cell; no limit means 0. Identifiers are never cut."""
    sizes = [max(map(columns, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    return [sizes[0], *(min(size, limit) for size in sizes[1:])] if limit else sizes


def _joined(cells: Sequence[str], sizes: Sequence[int]) -> str:
    return "  ".join(pad(shorten(cell, size), size) for cell, size in zip(cells, sizes, strict=True))


def _whole(finding: Finding, cells: Cells, sizes: list[int]) -> str:
    row = f"{_INDENT}{SEVERITIES[rank(finding.severity)]:<8}  {_joined(cells, sizes)}"
    return "  ".join(part for part in (row, shown(title_of(finding)), shown(finding.primary_url)) if part)


def _told_once(rows: list[tuple[Finding, Cells]], sizes: list[int], width: int, paint: Paint) -> Iterator[str]:
    (finding, cells), *others = rows
    first = _INDENT + _joined(cells, sizes)
    title, link = shown(title_of(finding)), shown(finding.primary_url)
    room = width - columns(first) - 2
    if room >= _TITLE_COLUMNS:
        yield f"{first}  {shorten(title, room)}"
    else:
        yield first
    for _, more in others:
        yield _INDENT + _joined(("", *more[1:]), sizes)
    if title and room < _TITLE_COLUMNS:
        yield f"      {shorten(title, max(width - 6, _TITLE_COLUMNS))}"
    if link:
        yield f"      {paint.style('dim', link)}"


def _reason(modified: ModifiedFinding) -> str:
    finding = modified.finding
    subject = f"{finding.vulnerability_id}  {finding.pkg_name} {finding.installed_version}"
    return shown(f"{subject}  {modified.status}: {modified.statement or 'no reason given'} ({modified.source})")
