"""On which lines the objects of a JSON document stand.

The document has been decoded, and so checked and bounded, before (`assaymark.safeio.json`). This second reading walks
by hand through the few objects whose members are located and lets the standard library's decoder, which tells where a
value ends, skip everything else: a lockfile of several megabytes takes a fraction of a second.

An object begins at the line of its brace and ends at the line of the closing one. Where two located objects begin on
the same line only the first has a location, as in the reference: a lockfile written on one line has one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from assaymark.model.package import Location

Path = tuple[str, ...]

NOWHERE: Final = Location()

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


class Maps(dict[str, "Maps"]):
    """The members of an object that map names to located objects, and those objects' members in turn."""


def object_lines(text: str, maps: Maps) -> dict[Path, Location]:
    """The location of each located object of `text`, by the names that lead to it: `("packages", "node_modules/a")`."""
    walk = _Walk(text)
    walk.members(walk.after_blanks(0), (), maps)
    return walk.found


class _Walk:
    """A position that only moves forward."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, Location] = {}
        self._text = text
        self._counted = 0
        self._line = 1
        self._begun: set[int] = set()

    def members(self, position: int, path: Path, maps: Mapping[str, Maps], *, located: bool = False) -> int:
        """Walk the object whose brace is at `position`; returns the position behind it.

        Args:
            position: of the opening brace.
            path: the names that lead to the object.
            maps: what its members hold; for a map of located objects, what each of these holds.
            located: whether the members are located objects.
        """
        text, position = self._text, self.after_blanks(position + 1)
        while text[position] != "}":
            name, position = self._value(position)
            position = self.after_blanks(self.after_blanks(position) + 1)  # behind the colon
            if text[position] != "{":
                position = self._value(position)[1]
            elif located:
                position = self._located(position, (*path, name), maps)
            elif name in maps:
                position = self.members(position, (*path, name), maps[name], located=True)
            else:
                position = self._value(position)[1]
            position = self.after_blanks(position)
            if text[position] == ",":
                position = self.after_blanks(position + 1)
        return position + 1

    def after_blanks(self, position: int) -> int:
        """The position of the next character that is no blank."""
        match = _BLANKS.match(self._text, position)
        return match.end() if match else position

    def _located(self, position: int, path: Path, maps: Mapping[str, Maps]) -> int:
        start = self._line_at(position)
        is_first = start not in self._begun
        self._begun.add(start)
        end = self.members(position, path, maps) if maps else self._value(position)[1]
        self.found[path] = Location(start_line=start, end_line=self._line_at(end - 1)) if is_first else NOWHERE
        return end

    def _value(self, position: int) -> tuple[Any, int]:
        return _DECODER.raw_decode(self._text, position)

    def _line_at(self, position: int) -> int:
        """The number of the line; positions come in ascending order, so that each line is counted once."""
        self._line += self._text.count("\n", self._counted, position)
        self._counted = position
        return self._line
