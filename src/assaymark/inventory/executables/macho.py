"""Executables of Apple's systems (`mach-o/loader.h`, `mach-o/fat.h`).

Rules:

1. A universal file is read as its first architecture. Compiled Java begins with the same four bytes, and then with a
   version that is greater than any number of architectures.
2. Segments and sections stand in the load commands; others are passed over.
3. Go's build information is in the section `__go_buildinfo`, or else in the first segment that is read and written.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from assaymark.inventory.executables.program import Content, Program, Section, Segment

MAGICS: Final = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
UNIVERSAL: Final = b"\xca\xfe\xba\xbe"

_MOST_ARCHITECTURES: Final = 42  # Java 1.1, the oldest, is version 45
_ARCHITECTURE: Final = struct.Struct(">IIIII")
_COMMAND: Final = "II"
_WIDE: Final = 0x19
_NARROW: Final = 0x1
_SEGMENT: Final = {_NARROW: "16sIIIIIIII", _WIDE: "16sQQQQIIII"}
_SECTION: Final = {_NARROW: "16s16sIIIIIIIII", _WIDE: "16s16sQQIIIIIIII"}
_READ_WRITE: Final = 3


class _Loaded(NamedTuple):
    name: str
    address: int
    memory_size: int
    offset: int
    size: int
    most: int
    protection: int


def read_universal(content: Content) -> Program | None:
    """Rule 1; None for what is no universal file.

    Raises:
        ValueError: it is damaged.
    """
    (count,) = struct.unpack(">I", content.table(4, 4))
    if not 0 < count <= _MOST_ARCHITECTURES:
        return None
    _, _, offset, _, _ = _ARCHITECTURE.unpack(content.table(8, _ARCHITECTURE.size))
    return read_macho(Content(content.stream, limits=content.limits, base=offset))


def read_macho(content: Content) -> Program:
    """The load commands of a Mach-O file.

    Raises:
        ValueError: they are damaged.
    """
    magic = content.table(0, 4)
    if magic not in MAGICS:
        raise ValueError("a universal file that holds no Mach-O file")
    order = ">" if magic in MAGICS[:2] else "<"
    count, size = struct.unpack(order + "II", content.table(16, 8))
    commands = content.table(32 if b"\xcf" in magic else 28, size)
    loaded: list[_Loaded] = []
    sections: list[Section] = []
    for kind, body in _commands(commands, count, order):
        segment, inside = _segment(kind, body, order)
        loaded.append(segment)
        sections += inside
    return Program(
        content,
        sections=tuple(sections),
        segments=tuple(
            Segment(address=each.address, offset=each.offset, size=each.size)
            for each in loaded
            if each.name != "__PAGEZERO"
        ),
        data=_data(loaded, sections),
    )


def _commands(commands: bytes, count: int, order: str) -> Iterator[tuple[int, bytes]]:
    """The commands that describe segments, without their heads; rule 2."""
    head = struct.Struct(order + _COMMAND)
    place = 0
    for _ in range(count):
        if place + head.size > len(commands):
            raise ValueError("a Mach-O file whose commands are cut off")
        kind, size = head.unpack_from(commands, place)
        if size < head.size or place + size > len(commands):
            raise ValueError("a Mach-O file with a command of a wrong size")
        if kind in _SEGMENT:
            yield kind, commands[place + head.size : place + size]
        place += size


def _segment(kind: int, body: bytes, order: str) -> tuple[_Loaded, list[Section]]:
    fields, entry = struct.Struct(order + _SEGMENT[kind]), struct.Struct(order + _SECTION[kind])
    if len(body) < fields.size:
        raise ValueError("a Mach-O file with a segment that is cut off")
    name, address, memory_size, offset, size, most, protection, count, _ = fields.unpack_from(body)
    if fields.size + count * entry.size > len(body):
        raise ValueError("a Mach-O file with sections that are cut off")
    sections: list[Section] = []
    for number in range(count):
        values = entry.unpack_from(body, fields.size + number * entry.size)
        sections.append(Section(name=_text(values[0]), address=values[2], offset=values[4], size=values[3]))
    return _Loaded(_text(name), address, memory_size, offset, size, most, protection), sections


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("latin-1")


def _data(segments: list[_Loaded], sections: list[Section]) -> tuple[int, int] | None:
    """Rule 3."""
    for section in sections:
        if section.name == "__go_buildinfo":
            return section.address, section.size
    for each in segments:
        if each.address and each.size and each.protection == each.most == _READ_WRITE:
            return each.address, each.memory_size
    return None
