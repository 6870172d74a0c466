"""Version parts as `aquasecurity/go-version` orders them; the `generic` and `npm` orders are built on it.

A part is a number of 64 bits, text, or the wildcard (`x`, `X`, `*`). The rules:

1. Numbers compare as numbers, text bytewise, and a number comes before text.
2. A wildcard equals everything, which makes the comparison of whole versions intransitive: only `satisfies` uses it.
3. A missing pre-release is greater than any; a pre-release that holds a wildcard equals every other.
4. Of two pre-releases of which one begins the other, the shorter is lower.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from assaymark.versions.text import find_uint64


class Wildcard(Enum):
    """The only value is `ANY`."""

    ANY = "*"


ANY: Final = Wildcard.ANY
Part = int | str | Literal[Wildcard.ANY]
Parts = tuple[Part, ...]
PartKey = tuple[int, int, str]


def parse_part(text: str) -> Part:
    """A number where it fits 64 bits, a wildcard, or text."""
    number = find_uint64(text)
    if number is not None:
        return number
    return ANY if text in ("*", "x", "X") else text


def parse_parts(text: str) -> Parts:
    """The parts between dots; none for empty text."""
    return tuple(parse_part(part) for part in text.split(".")) if text else ()


def part_key(part: Part) -> PartKey:
    """Rule 1 as a key; a wildcard counts as its text."""
    if isinstance(part, int):
        return (0, part, "")
    return (1, 0, part.value if isinstance(part, Wildcard) else part)


def prerelease_key(parts: Parts) -> tuple[int, tuple[PartKey, ...]]:
    """Rules 3 and 4 as a key."""
    return (0 if parts else 1, tuple(map(part_key, parts)))


def compare_part(left: Part, right: Part) -> int:
    """Negative, zero or positive; rule 1."""
    return _sign(part_key(left), part_key(right))


def compare_prerelease(left: Parts, right: Parts) -> int:
    """Negative, zero or positive; rules 3 and 4."""
    if ANY in left or ANY in right:
        return 0
    return _sign(prerelease_key(left), prerelease_key(right))


def has_prerelease(parts: Parts) -> bool:
    """Whether there is a pre-release; one that holds a wildcard counts as none."""
    return bool(parts) and ANY not in parts


def _sign(left: tuple[object, ...], right: tuple[object, ...]) -> int:
    return (left > right) - (left < right)
