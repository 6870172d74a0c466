"""Which paths `--skip-dirs` and `--skip-files` take out.

A value is a path or a pattern of the doublestar kind, matched against a whole path below the root: `*` and `?` stay in
one part of a path, `**` as a whole part stands for any number of parts (none included), `[a-z]` and `[^a-z]` are one
character, `{a,b}` are alternatives, and a backslash takes the next character's meaning away. A malformed pattern
matches nothing.

Matching takes at most the product of the two lengths, whatever the pattern: paths come from whoever made the image.

In an image values are taken from the root (`/` in front is dropped). For a directory on the host: a relative value
that, seen from the working directory, lies outside the scanned root is relative to the root; every other one is
converted to a path relative to the root.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

_MOST_ALTERNATIVES: Final = 1_000
_ANY_PARTS: Final = "**"


class SkipRules:
    """Compiled values of one flag."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """Compile patterns that are relative to the root."""
        alternatives = [text for pattern in patterns for text in _alternatives(pattern)]
        self._exact = frozenset(text for text in alternatives if not _is_pattern(text))
        self._patterns = [text.split("/") for text in alternatives if _is_pattern(text)]

    def __bool__(self) -> bool:
        return bool(self._exact or self._patterns)

    def match(self, path: str) -> bool:
        """Whether the whole of `path` is meant."""
        if path in self._exact:
            return True
        if not self._patterns:
            return False
        parts = path.split("/")
        return any(_match_parts(pattern, parts) for pattern in self._patterns)


NO_SKIPS: Final = SkipRules()


def skip_rules(values: Iterable[str], root: Path | None = None, *, working: Path | None = None) -> SkipRules:
    """The rules that a flag's values make.

    Args:
        values: as typed.
        root: the scanned directory; None for an image.
        working: the working directory; the process's own where None.
    """
    if root is not None:
        here = str(working or Path.cwd())
        values = [_below_root(value, os.path.normpath(Path(here) / root), here) for value in values]
    return SkipRules(posixpath.normpath(value.lstrip("/") or "/").lstrip("/") for value in values)


def _below_root(value: str, root: str, here: str) -> str:
    relative = os.path.relpath(Path(here) / value, root)
    return value if relative.startswith("..") and not Path(value).is_absolute() else relative


def _is_pattern(text: str) -> bool:
    return any(character in text for character in "*?[\\")


def _alternatives(pattern: str) -> Iterator[str]:
    """The patterns without braces that a pattern stands for, the innermost braces of each expanded last."""
    waiting = [pattern]
    given = 0
    while waiting and given < _MOST_ALTERNATIVES:
        text = waiting.pop()
        braces = _first_braces(text)
        if braces is None:
            given += 1
            yield text
        else:
            start, end, choices = braces
            waiting += [text[:start] + choice + text[end:] for choice in reversed(choices)][:_MOST_ALTERNATIVES]


def _first_braces(text: str) -> tuple[int, int, list[str]] | None:
    """Start, end and choices of the first complete pair of braces."""
    position, depth, start = 0, 0, -1
    cuts: list[int] = []
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "{":
            depth += 1
            if depth == 1:
                start, cuts = position, [position]
        elif character == "," and depth == 1:
            cuts.append(position)
        elif character == "}" and depth:
            depth -= 1
            if not depth:
                cuts.append(position)
                return start, position + 1, [text[a + 1 : b] for a, b in pairwise(cuts)]
        position += 1
    return None


def _match_parts(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Part by part; `reached` holds how many parts of the path each prefix of the pattern can have used."""
    reached = {0}
    for piece in pattern:
        if piece == _ANY_PARTS:
            reached = set(range(min(reached), len(parts) + 1))
        else:
            reached = {used + 1 for used in reached if used < len(parts) and _match_part(piece, parts[used])}
        if not reached:
            return False
    return len(parts) in reached


def _match_part(piece: str, text: str) -> bool:
    """One part: after a star the shortest match is tried first, and only the last star is ever tried again."""
    p = t = 0
    star = -1
    mark = 0
    while t < len(text):
        if p < len(piece) and piece[p] == "*":
            star, mark = p, t
            p += 1
            continue
        after = _match_one(piece, p, text[t]) if p < len(piece) else 0
        if after:
            p, t = after, t + 1
        elif star >= 0:
            mark += 1
            p, t = star + 1, mark
        else:
            return False
    return not piece[p:].strip("*")


def _match_one(piece: str, position: int, character: str) -> int:
    """The position behind the element at `position` if that matches `character`, else 0."""
    element = piece[position]
    if element == "?":
        return position + 1
    if element == "[":
        return _match_class(piece, position, character)
    if element == "\\":
        position += 1
        element = piece[position : position + 1]
    return position + 1 if element == character else 0


def _match_class(piece: str, position: int, character: str) -> int:
    end = piece.find("]", position + 2)
    if end < 0:
        return 0
    members = piece[position + 1 : end]
    negated = members[0] in "^!"
    members = members[negated:]
    found = False
    while members:
        low, high, rest = members[0], members[0], members[1:]
        if len(rest) > 1 and rest[0] == "-":
            high, rest = rest[1], rest[2:]
        found = found or low <= character <= high
        members = rest
    return end + 1 if found is not negated else 0
