"""A comparison for people at a terminal: the two scans, how many of each kind, then every change.

What did not change is counted; it is listed where everything is asked for. On a terminal rows are cut to its width, a
link has a line of its own; when piped every change is one whole line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from assaymark.report.diff import Change, Difference, Kind
from assaymark.report.diff_words import HEADINGS, counts_of, scan_words, severities_of, words_of
from assaymark.report.format import Rendering
from assaymark.report.plain import columns, shorten, shown
from assaymark.report.table_columns import GAP, column_sizes, joined
from assaymark.report.wording import SEVERITIES, Paint

_INDENT: Final = "    "
_DEEPER: Final = "      "
_TITLE_COLUMNS: Final = 24
_LABEL: Final = 8
_GOOD: Final = frozenset({Kind.FIXED, Kind.MILDER})
_BAD: Final = frozenset({Kind.NEW, Kind.WORSE})


def write_table(difference: Difference, rendering: Rendering, stream: BinaryIO) -> None:
    """The whole text, in UTF-8."""
    paint = Paint(colour=rendering.colour, links=rendering.links)
    lines = _lines(difference, rendering, paint)
    stream.writelines(line.rstrip().encode("utf-8", "replace") + b"\n" for line in lines)


def _lines(difference: Difference, rendering: Rendering, paint: Paint) -> Iterator[str]:
    for label, scan in (("before", difference.before), ("after", difference.after)):
        name, *facts = map(shown, scan_words(scan))
        yield f"{label:<{_LABEL}}{paint.style('bold', name)}"
        yield f"{'':<{_LABEL}}{', '.join(facts)}"
    yield ""
    yield GAP.join(_count(kind, count, paint) for kind, count in counts_of(difference).items())
    for doubt in difference.doubts:
        yield f"{paint.style('warn', 'note:')} {shown(doubt)}"
    for kind in Kind:
        changes = difference.of_kind(kind)
        if changes and (kind is not Kind.UNCHANGED or rendering.unchanged):
            yield ""
            yield from _section(kind, changes, rendering.width, paint)


def _count(kind: Kind, count: int, paint: Paint) -> str:
    text = f"{HEADINGS[kind]} {count}"
    if not count or kind not in _GOOD | _BAD:
        return text
    return paint.style("bad" if kind in _BAD else "good", text)


def _section(kind: Kind, changes: list[Change], width: int, paint: Paint) -> Iterator[str]:
    counts = ", ".join(paint.severity(name, f"{name} {count}") for name, count in severities_of(changes).items())
    yield f"{paint.style('bold', HEADINGS[kind])}: {counts}"
    rows = [words_of(change) for change in changes]
    cells = [tuple(map(shown, (row.id, row.package, row.version, row.fix, row.event))) for row in rows]
    if not width:
        cells = [(*cell, shown(row.file)) for cell, row in zip(cells, rows, strict=True)]
    used = len(_INDENT) + max(map(len, SEVERITIES)) + len(GAP)
    sizes = column_sizes(cells, width=max(width - used, 1) if width else 0)
    for row, cell in zip(rows, cells, strict=True):
        severity = paint.severity(row.severity, f"{row.severity:<8}")
        title = shown(row.title)
        if not width:
            parts = (f"{_INDENT}{severity}{GAP}{joined(cell, sizes)}", title, shown(row.url))
            yield GAP.join(filter(None, parts))
            continue
        yield from _shown(cell, sizes, severity=severity, width=width - used, title=title, paint=paint, url=row.url)
        if row.file:
            yield f"{_DEEPER}{paint.style('dim', f'in {shown(row.file)}')}"


def _shown(
    cell: tuple[str, ...], sizes: list[int], *, severity: str, width: int, title: str, paint: Paint, url: str
) -> Iterator[str]:
    text = joined(cell, sizes)
    room = width - columns(text) - len(GAP)
    name = paint.link(cell[0], url)
    line = f"{_INDENT}{severity}{GAP}{text.replace(cell[0], name, 1) if name != cell[0] else text}"
    yield f"{line}{GAP}{shorten(title, room)}" if title and room >= _TITLE_COLUMNS else line
    if url and name == cell[0]:
        yield f"{_DEEPER}{paint.style('dim', shown(url))}"
