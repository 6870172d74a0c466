"""On which lines the values of a JSON document stand.

The document has been decoded, and so checked and bounded, before (`assaymark.safeio.json`). This second reading walks
by hand through the few objects and lists that hold located values and lets the standard library's decoder, which tells
where a value ends, skip everything else: a lockfile of several megabytes takes a fraction of a second.

A located value is an object, a list or a string; it begins at the line of its first character and ends at the line of
its last one. Where two located values begin on the same line only the first has a location, as in the reference: a
lockfile written on one line has one.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from assaymark.model.package import Location

Path = tuple[str | int, ...]
"""The names of members and the numbers of elements that lead to a value: `("packages", 0)`."""

NOWHERE: Final = Location()
EACH: Final = "*"
"""Stands in a path for every member of an object and every element of a list."""

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


class Shape(dict[str, "Shape"]):
    """Where in a value there are located ones: what its members hold by name, and what `EACH` other one holds."""

    is_located = False


def located(*paths: tuple[str, ...]) -> Shape:
    """The shape of documents whose values at `paths` are located: `located(("packages", EACH))`.

    A shape may be made part of itself afterwards, for documents that nest without end.
    """
    root = Shape()
    for path in paths:
        shape = root
        for name in path:
            shape = shape.setdefault(name, Shape())
        shape.is_located = True
    return root


def object_lines(text: str, shape: Shape) -> dict[Path, Location]:
    """The location of each located value of `text`, by its path: `("packages", "node_modules/a")`."""
    walk = _Walk(text)
    walk.value(walk.after_blanks(0), (), shape)
    return walk.found


class _Walk:
    """A position that only moves forward."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, Location] = {}
        self._text = text
        self._counted = 0
        self._line = 1
        self._begun: set[int] = set()

    def value(self, position: int, path: Path, shape: Shape | None) -> int:
        """Walk the value that begins at `position`; returns the position behind it.

        One frame a level: documents nest up to `Limits.json_depth`.
        """
        opening = self._text[position]
        if shape is None or opening not in '{["':
            return self._skip(position)[1]
        start = self._begin(position) if shape.is_located else None
        if not shape or opening == '"':
            end = self._skip(position)[1]
        else:
            number, end = 0, self.after_blanks(position + 1)
            while self._text[end] not in "}]":
                name, end = self._member(end) if opening == "{" else (number, end)
                end = self.value(end, (*path, name), self._below(shape, name))
                end = self._after_comma(end)
                number += 1
            end += 1
        if start is not None:
            self.found[path] = Location(start_line=start, end_line=self._line_at(end - 1)) if start else NOWHERE
        return end

    def after_blanks(self, position: int) -> int:
        """The position of the next character that is no blank."""
        match = _BLANKS.match(self._text, position)
        return match.end() if match else position

    def _begin(self, position: int) -> int:
        """The line on which a located value begins; 0 where another one has begun before."""
        line = self._line_at(position)
        if line in self._begun:
            return 0
        self._begun.add(line)
        return line

    def _member(self, position: int) -> tuple[str, int]:
        """The name of the member at `position`, and where its value begins."""
        name, position = self._skip(position)
        return name, self.after_blanks(self.after_blanks(position) + 1)

    def _after_comma(self, position: int) -> int:
        position = self.after_blanks(position)
        return self.after_blanks(position + 1) if self._text[position] == "," else position

    def _below(self, shape: Shape, name: str | int) -> Shape | None:
        by_name = shape.get(name) if isinstance(name, str) else None
        return shape.get(EACH) if by_name is None else by_name

    def _skip(self, position: int) -> tuple[Any, int]:
        return _DECODER.raw_decode(self._text, position)

    def _line_at(self, position: int) -> int:
        """The number of the line; positions come in ascending order, so that each line is counted once."""
        self._line += self._text.count("\n", self._counted, position)
        self._counted = position
        return self._line
