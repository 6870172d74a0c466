"""Paragraphs of `Name: value` fields: dpkg's control data (deb822(5)) and Python's core metadata.

- A field's name ends at the first colon and matches in any letter case.
- A line that begins with a blank continues the field above; it is joined on with one space.
- An empty line ends the paragraph.
- Of a field that comes twice the first is meant (`one`), or each (`all_of`).
- A paragraph has a bounded number of fields: a line of five bytes costs two hundred in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.limits import Limits
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

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return sum(len(part) for _, parts in self._values for part in parts)

    def __len__(self) -> int:
        return len(self._values)


def read_paragraphs(
    lines: Iterable[bytes],
    wanted: Collection[bytes],
    *,
    limits: Limits,
    on_cut: Callable[[bytes], None] = lambda _name: None,
) -> Iterator[Fields]:
    """The paragraphs that hold any of the `wanted` fields (lower case).

    A field with more than `Limits.field_bytes` of continuation lines keeps what fits, and `on_cut` is told its name.
    Lines that are no field are passed over: one bad line does not cost a package.

    Raises:
        LimitError: a paragraph has too many fields.
    """
    paragraph = Fields()
    parts: list[bytes] | None = None
    name, room = b"", 0
    for line in lines:
        if not line:
            if paragraph:
                yield paragraph
                paragraph = Fields()
            parts = None
        elif line[0] in _BLANKS:
            if parts is not None:
                room -= len(line)
                if room >= 0:
                    parts.append(line.strip(_BLANKS))
                else:
                    on_cut(name)
                    parts = None
        else:
            name, colon, value = line.partition(b":")
            name = name.lower()
            parts = paragraph.add(name, value) if colon and name in wanted else None
            room = limits.field_bytes
            if len(paragraph) > limits.paragraph_fields:
                raise LimitError(f"a paragraph with more than {limits.paragraph_fields} fields")
    if paragraph:
        yield paragraph


def _joined(parts: list[bytes]) -> str:
    return decode_utf8(b" ".join(parts))
