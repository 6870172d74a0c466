"""Ends of life: `data/eol.txt` says until which day a release is supported.

A release ends at 23:59:59 UTC of its last day. A release or family that the table does not list counts as supported.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Final

LAST_SECOND: Final = time(23, 59, 59, tzinfo=UTC)


def find_end_of_life(family: str, release: str) -> datetime | None:
    """The moment from which on a release is out of support; None where it is not listed."""
    return _table().get((family, release))


def listed_releases(family: str) -> tuple[str, ...]:
    """The releases of a family whose end is known, oldest first."""
    return tuple(release for listed, release in _table() if listed == family)


def is_end_of_life(family: str, release: str, today: datetime) -> bool:
    """Whether a listed release is out of support."""
    end = find_end_of_life(family, release)
    return end is not None and today >= end


@cache
def _table() -> dict[tuple[str, str], datetime]:
    lines = Path(__file__).with_name("data").joinpath("eol.txt").read_text(encoding="ascii").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {
        (family, release): datetime.combine(datetime.fromisoformat(day), LAST_SECOND) for family, release, day in rows
    }
