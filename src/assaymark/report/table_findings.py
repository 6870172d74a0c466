"""The table's rows: every finding of one target, worst first.

Within a severity, findings are ordered by vulnerability and package. On a terminal a vulnerability is told once: its
packages stand below each other, each with the file that brings it in, then its link, which is never cut, because half a
link leads nowhere; a terminal that follows links has it behind the vulnerability's name. When piped, a row is whole:
severity, vulnerability, package, installed version, fix, layer or file, title, link.

Layers are numbered as the summary numbers them, and told where there is more than one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.report import Result
from assaymark.report.plain import columns, shorten, shown
from assaymark.report.table_columns import Cells, column_sizes, joined
from assaymark.report.table_layers import Layers
from assaymark.report.wording import SEVERITIES, Paint, amount, rank

_HEADINGS: Final = ("Vulnerability", "Package", "Installed", "Fixed in")
_TITLE_COLUMNS: Final = 24
_REASON_COLUMNS: Final = 40
_INDENT: Final = "    "
_DEEPER: Final = "      "

Row = tuple[Finding, Cells]


class FindingRows:
    """The rows of one target; `width` 0 means that no terminal is there."""

    def __init__(self, result: Result, layers: Layers, *, width: int, paint: Paint) -> None:
        self._result = result
        self._layers = layers
        self._width = width
        self._paint = paint
        found = sorted(result.vulnerabilities, key=_order)
        places = [shown(self._place(finding)) for finding in found]
        rows = [_cells(finding) for finding in found]
        self._headings: Cells = _HEADINGS
        if any(places):
            self._headings = (*_HEADINGS, "Layer" if width else "Where")
            rows = [(*cells, place) for cells, place in zip(rows, places, strict=True)]
        self._rows: list[Row] = list(zip(found, rows, strict=True))
        self._sizes = column_sizes([self._headings, *rows], width=max(width - len(_INDENT), 1) if width else 0)

    def lines(self) -> Iterator[str]:
        """The target's heading and its findings."""
        yield f"{self._paint.style('bold', heading_of(self._result))}: {_count(len(self._rows))}"
        if self._width:
            headings = joined(self._headings, self._sizes)
            has_room = self._width - columns(headings) - len(_INDENT) - 2 >= _TITLE_COLUMNS
            yield _INDENT + self._paint.style("dim", f"{headings}  Title" if has_room else headings)
        for severity, members in groupby(self._rows, key=lambda row: SEVERITIES[rank(row[0].severity)]):
            group = list(members)
            if not self._width:
                yield from (self._whole(finding, cells) for finding, cells in group)
                continue
            yield f"  {self._paint.severity(severity, f'{severity} ({len(group)})')}"
            for _, same in groupby(group, key=lambda row: row[0].vulnerability_id):
                yield from self._told_once(list(same))

    def _place(self, finding: Finding) -> str:
        """The file, which on a terminal has a line of its own, and the layer where there are several."""
        number = self._layers.number(finding.layer) if self._layers.count > 1 else 0
        if self._width:
            return str(number or "")
        return ", ".join(filter(None, (finding.pkg_path, f"layer {number}" if number else "")))

    def _whole(self, finding: Finding, cells: Cells) -> str:
        row = f"{_INDENT}{SEVERITIES[rank(finding.severity)]:<8}  {joined(cells, self._sizes)}"
        return "  ".join(part for part in (row, shown(title_of(finding)), shown(finding.primary_url)) if part)

    def _told_once(self, rows: list[Row]) -> Iterator[str]:
        (finding, cells), *others = rows
        first = _INDENT + joined(cells, self._sizes)
        title, link = shown(title_of(finding)), shown(finding.primary_url)
        room = self._width - columns(first) - 2
        name = self._paint.link(cells[0], finding.primary_url)
        linked = first.replace(cells[0], name, 1) if name != cells[0] else first
        yield f"{linked}  {shorten(title, room)}" if room >= _TITLE_COLUMNS else linked
        yield from self._file(finding)
        for other, more in others:
            yield _INDENT + joined(("", *more[1:]), self._sizes)
            yield from self._file(other)
        if title and room < _TITLE_COLUMNS:
            yield f"{_DEEPER}{shorten(title, max(self._width - len(_DEEPER), _TITLE_COLUMNS))}"
        if link and linked == first:
            yield f"{_DEEPER}{self._paint.style('dim', link)}"

    def _file(self, finding: Finding) -> Iterator[str]:
        if finding.pkg_path:
            yield f"{_DEEPER}{self._paint.style('dim', f'in {shown(finding.pkg_path)}')}"


def suppressed_of(result: Result, width: int, paint: Paint) -> Iterator[str]:
    """What filters took out of a target, and why; the reason is never cut."""
    yield f"{paint.style('bold', heading_of(result))}: {_count(len(result.modified_findings))} left out by filters"
    found = sorted(result.modified_findings, key=lambda modified: _order(modified.finding))
    rows = [_cells(modified.finding)[:3] for modified in found]
    sizes = column_sizes(rows, width=max(width - _REASON_COLUMNS, 1) if width else 0)
    for modified, cells in zip(found, rows, strict=True):
        name = SEVERITIES[rank(modified.finding.severity)]
        severity = paint.severity(name, f"{name:<8}")
        yield f"{_INDENT}{severity}  {joined(cells, sizes)}  {shown(_reason(modified))}"


def heading_of(result: Result) -> str:
    """The target, with its type where it is not the operating system's."""
    kind = "" if result.class_ == "os-pkgs" or not result.type else f" ({shown(result.type)})"
    return shown(result.target) + kind


def title_of(finding: Finding) -> str:
    """The title, or the description's first sentence, on one line."""
    return " ".join((finding.title or finding.description.partition(". ")[0]).split())


def without_fix(finding: Finding) -> str:
    """Why there is no version to upgrade to."""
    status = "" if finding.status in {"affected", "unknown", ""} else f" ({finding.status.replace('_', ' ')})"
    return f"no fix{status}"


def _cells(finding: Finding) -> Cells:
    fix = finding.fixed_version or without_fix(finding)
    return tuple(map(shown, (finding.vulnerability_id, finding.pkg_name, finding.installed_version, fix)))


def _count(findings: int) -> str:
    return amount(findings, "vulnerability", "vulnerabilities")


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    return (
        rank(finding.severity),
        finding.vulnerability_id,
        finding.pkg_name,
        finding.installed_version,
        finding.pkg_path,
    )


def _reason(modified: ModifiedFinding) -> str:
    return f"{modified.status}: {modified.statement or 'no reason given'} ({modified.source})"
