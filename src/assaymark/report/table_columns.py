"""Columns of text: how wide each is, and rows that fit a terminal.

Identifiers are never cut. Other columns are as wide as their widest cell, but on a terminal
no wider than a limit; where a row is still too wide for it, the widest of them give way, down to a few columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from assaymark.report.plain import columns, pad, shorten

GAP: Final = "  "
_CELL_COLUMNS: Final = 32
_NARROWEST: Final = 8

Cells = tuple[str, ...]


def column_sizes(rows: Iterable[Cells], *, width: int = 0, whole: int = 1) -> list[int]:
    """Columns of each cell of a row, so that a row fits into a terminal.

    Args:
        rows: what is shown.
        width: of the terminal; 0 means that there is none.
        whole: how many columns at the beginning are never cut.
    """
    sizes = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    if not width:
        return sizes
    kept, others = sizes[:whole], [min(size, _CELL_COLUMNS) for size in sizes[whole:]]
    excess = sum(kept) + sum(others) + len(GAP) * (len(sizes) - 1) - width
    while excess > 0 and others and max(others) > _NARROWEST:
        others[others.index(max(others))] -= 1
        excess -= 1
    return [*kept, *others]


def joined(cells: Sequence[str], sizes: Sequence[int]) -> str:
    """A row, padded and where necessary cut."""
    return GAP.join(pad(shorten(cell, size), size) for cell, size in zip(cells, sizes, strict=True))


def end_of(text: str, width: int) -> str:
    """The end of `text` that fits into `width` columns: of a path, what tells it from others."""
    if columns(text) <= width:
        return text
    return "…" + shorten(text[::-1], width)[:-1][::-1].lstrip()
