"""A comparison for pull requests (GitHub Flavored Markdown; untrusted text: `assaymark.report.gfm`).

The counts come first, then what needs attention; what did not change is folded away, and left out unless everything is
asked for. A comment has its limits, so long sections end with how many rows they lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from assaymark.report.diff import Change, Difference, Kind
from assaymark.report.diff_words import COLUMNS, HEADINGS, Words, counts_of, scan_words, severities_of, words_of
from assaymark.report.format import Rendering
from assaymark.report.gfm import code, link, prose

_ROWS_SHOWN: Final = 200
_TITLE_CHARS: Final = 120
_FOLDED: Final = frozenset({Kind.FIXED, Kind.UNCHANGED})


def write_markdown(difference: Difference, rendering: Rendering, stream: BinaryIO) -> None:
    """One document."""
    stream.writelines(line.encode("utf-8", "replace") + b"\n" for line in _lines(difference, rendering))


def _lines(difference: Difference, rendering: Rendering) -> Iterator[str]:
    counts = counts_of(difference)
    yield "# Vulnerabilities: what changed"
    yield ""
    yield _row(HEADINGS[kind] for kind in counts)
    yield _row("---:" for _ in counts)
    yield _row(str(count) for count in counts.values())
    yield ""
    for label, scan in (("Before", difference.before), ("After", difference.after)):
        yield f"- {label}: {prose(', '.join(scan_words(scan)))}"
    if difference.doubts:
        yield ""
        yield from (f"> **Note:** {prose(doubt)}" for doubt in difference.doubts)
    for kind in Kind:
        changes = difference.of_kind(kind)
        if changes and (kind is not Kind.UNCHANGED or rendering.unchanged):
            yield ""
            yield from _section(kind, changes)


def _section(kind: Kind, changes: list[Change]) -> Iterator[str]:
    counts = ", ".join(f"{name} {count}" for name, count in severities_of(changes).items())
    heading = f"{HEADINGS[kind]}: {counts}"
    yield f"<details><summary>{heading}</summary>" if kind in _FOLDED else f"## {heading}"
    yield ""
    yield _row(COLUMNS)
    yield _row(("---",) * len(COLUMNS))
    yield from (_row(_cells(words_of(change))) for change in changes[:_ROWS_SHOWN])
    if len(changes) > _ROWS_SHOWN:
        yield ""
        yield f"{len(changes) - _ROWS_SHOWN} more, which the JSON lists"
    if kind in _FOLDED:
        yield ""
        yield "</details>"


def _cells(words: Words) -> Iterator[str]:
    yield words.severity
    yield link(words.id, words.url)
    yield " ".join(filter(None, (code(words.package), f"in {code(words.file)}" if words.file else "")))
    yield code(words.version)
    yield prose(words.fix)
    yield prose(words.event)
    yield prose(words.title[:_TITLE_CHARS] + ("…" if len(words.title) > _TITLE_CHARS else ""))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
