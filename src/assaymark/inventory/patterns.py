"""The patterns by which analysers name files, as functions of a path.

Seven shapes, told apart by their spelling (`assaymark.inventory.analyzer.Analyzer.paths`):

- `+x`: every executable file;
- `name`, neither slash nor star: a file of that name in any folder;
- `a/b/name`, no star: that path;
- `*end`, one star and that in front: every path that ends so; the end may hold slashes (`*.egg-info/PKG-INFO`);
- `~*end`: the same in any letter case;
- anything else: compared segment by segment, where `*` stands for any part of one segment and `**` for any number of
  segments;
- `!pattern`: takes the paths of one of the other shapes out again.

Matching takes time in proportion to the path, whatever the pattern: paths of a hostile archive are long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

import msgspec

Test = Callable[[str], bool]

EXECUTABLE: Final = "+x"
EXECUTABLE_BITS: Final = 0o111
_ANY_CASE: Final = "~"


class Shape(Enum):
    """How a pattern is spelled, and so where an index keeps it."""

    EXECUTABLE = "executable"
    NAME = "name"
    PATH = "path"
    ENDING = "ending"
    SEGMENTS = "segments"


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """One pattern without its exclamation mark.

    Attributes:
        any_case: whether it is an ending that is compared in lower case.
    """

    text: str
    shape: Shape
    excludes: bool = False
    any_case: bool = False

    def test(self) -> Test:
        """Whether a path has this pattern; executables are told by their mode, so that every path has `+x`."""
        text = self.text
        match self.shape:
            case Shape.EXECUTABLE:
                return lambda _path: True
            case Shape.NAME:
                return lambda path: path == text or path.endswith(f"/{text}")
            case Shape.PATH:
                return lambda path: path == text
            case Shape.ENDING if self.any_case:
                return lambda path: path.lower().endswith(text[1:])
            case Shape.ENDING:
                return lambda path: path.endswith(text[1:])
            case Shape.SEGMENTS:
                return _segments_test(text)


def parse_pattern(text: str) -> Pattern:
    """The pattern that `text` spells."""
    body = text.removeprefix("!")
    spelled = body.removeprefix(_ANY_CASE)
    return Pattern(text=spelled, shape=_shape(spelled), excludes=body != text, any_case=spelled != body)


def _shape(text: str) -> Shape:
    if text == EXECUTABLE:
        return Shape.EXECUTABLE
    if "*" not in text:
        return Shape.PATH if "/" in text else Shape.NAME
    is_ending = text.startswith("*") and not text.startswith("*/") and text.count("*") == 1
    return Shape.ENDING if is_ending else Shape.SEGMENTS


def _segments_test(text: str) -> Test:
    runs: list[list[Test]] = [[]]
    for segment in text.split("/"):
        if segment == "**":
            runs.append([])
        else:
            runs[-1].append(_segment_test(segment))
    return lambda path: _has_runs(path.split("/"), runs)


def _has_runs(parts: Sequence[str], runs: Sequence[Sequence[Test]]) -> bool:
    """The first run stands at the beginning, the last at the end, those between as far left as they can."""
    first, last = runs[0], runs[-1]
    if len(runs) == 1:
        return len(parts) == len(first) and _has_run(parts, 0, first)
    end = len(parts) - len(last)
    if end < len(first) or not (_has_run(parts, 0, first) and _has_run(parts, end, last)):
        return False
    position = len(first)
    for run in runs[1:-1]:
        while position + len(run) <= end and not _has_run(parts, position, run):
            position += 1
        position += len(run)
        if position > end:
            return False
    return True


def _has_run(parts: Sequence[str], position: int, run: Sequence[Test]) -> bool:
    return all(test(parts[position + offset]) for offset, test in enumerate(run))


def _segment_test(text: str) -> Test:
    first, *rest = text.split("*")
    if not rest:
        return lambda part: part == text
    *middle, last = rest
    shortest = len(first) + len(last)

    def test(part: str) -> bool:
        if len(part) < shortest or not (part.startswith(first) and part.endswith(last)):
            return False
        position, end = len(first), len(part) - len(last)
        for piece in middle:
            found = part.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return test
