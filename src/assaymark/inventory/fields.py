"""Paragraphs of `Name: value` fields: dpkg's control data (deb822(5)) and Python's core metadata.

- A field's name ends at the first colon and matches in any letter case.
- A line that begins with a blank continues the field above; it is joined on with one space.
- An empty line ends the paragraph.
- Of a field that comes twice the first is meant (`one`), or each (`all_of`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from assaymark.safeio.text import decode_utf8

_BLANKS: Final = b" \t"


class Fields:
    """The wanted fields of one paragraph, in their order."""

    def __init__(self) -> None:
        self._values: list[tuple[bytes, list[bytes]]] = []

    def one(self, name: bytes) -> str:
        """The first field of that lower-case name; empty where there is none."""
        return next((_joined(parts) for key, parts in self._values if key == name), "")

    def all_of(self, name: bytes) -> list[str]:
        """Every field of that lower-case name."""
        return [_joined(parts) for key, parts in self._values if key == name]

    def add(self, name: bytes, value: bytes) -> list[bytes]:
        """One more field; what is appended to the list that comes back continues it."""
        parts = [value.strip(_BLANKS)]
        self._values.append((name, parts))
        return parts

    def __bool__(self) -> bool:
        return bool(self._values)


def read_paragraphs(lines: Iterable[bytes], wanted: Collection[bytes], *, field_bytes: int) -> Iterator[Fields]:
    """The paragraphs that hold any of the `wanted` fields (lower case).

    A field with more than `field_bytes` of continuation lines keeps what fits. Lines that are no field are passed over:
    one bad line does not cost a package.
    """
    paragraph = Fields()
    parts: list[bytes] | None = None
    room = 0
    for line in lines:
        if not line:
            if paragraph:
                yield paragraph
                paragraph = Fields()
            parts = None
        elif line[0] in _BLANKS:
            if parts is not None and room >= len(line):
                room -= len(line)
                parts.append(line.strip(_BLANKS))
        else:
            name, colon, value = line.partition(b":")
            name = name.lower()
            parts = paragraph.add(name, value) if colon and name in wanted else None
            room = field_bytes
    if paragraph:
        yield paragraph


def _joined(parts: list[bytes]) -> str:
    return decode_utf8(b" ".join(parts))
