"""Windows executables ("PE Format", learn.microsoft.com/windows/win32/debug/pe-format).

Rules:

1. The DOS header says where the signature stands; the machine must be one that Go and Rust compile for, or none.
2. A section's name of more than eight characters stands in the table of strings behind the symbols.
3. Go's build information is in the first section of initialised data that can be read and written.
"""

from __future__ import annotations

import struct
from typing import Final

from assaymark.inventory.executables.program import Content, Program, Section, Segment

MAGIC: Final = b"MZ"

_DOS_BYTES: Final = 96
_FILE: Final = struct.Struct("<HHIIIHH")
_SECTION: Final = struct.Struct("<8sIIIIIIHHI")
_SYMBOL_BYTES: Final = 18
_NAME_BYTES: Final = 256
_MACHINES: Final = frozenset({0x0, 0x14C, 0x1C4, 0x5032, 0x5064, 0x5128, 0x8664, 0xAA64})
_ALIGNED: Final = 0x600000
_DATA: Final = 0xC0000040  # initialised data, readable, writable
_OPTIONAL: Final = {0x10B: ("<I", 28), 0x20B: ("<Q", 24)}


def read_pe(content: Content) -> Program:
    """The tables of a PE file.

    Raises:
        ValueError: they are damaged, or it is a program for DOS alone.
    """
    (start,) = struct.unpack_from("<I", content.table(0, _DOS_BYTES), 0x3C)
    if content.read(start, 4) != b"PE\0\0":
        raise ValueError("an executable for DOS")
    header = content.table(start + 4, _FILE.size)
    machine, count, _, symbols, symbol_count, optional_size, _ = _FILE.unpack(header)
    if machine not in _MACHINES:
        raise ValueError("a PE file for an unknown machine")
    optional = start + 4 + _FILE.size
    base = _image_base(content.read(optional, optional_size))
    table = content.table(optional + optional_size, count * _SECTION.size)
    names = symbols + symbol_count * _SYMBOL_BYTES if symbols else 0
    entries = list(_SECTION.iter_unpack(table))
    return Program(
        content,
        sections=tuple(_section(content, entry, base, names) for entry in entries),
        segments=tuple(Segment(address=base + entry[2], offset=entry[4], size=entry[3]) for entry in entries),
        data=_data(entries, base),
    )


def _image_base(optional: bytes) -> int:
    if not optional:
        return 0
    if len(optional) < 32:
        raise ValueError("a PE file with a header that is cut off")
    known = _OPTIONAL.get(struct.unpack_from("<H", optional)[0])
    if known is None:
        raise ValueError("a PE file of an unknown kind")
    (base,) = struct.unpack_from(known[0], optional, known[1])
    return int(base)


def _section(
    content: Content, entry: tuple[bytes, int, int, int, int, int, int, int, int, int], base: int, names: int
) -> Section:
    name, _, address, size, offset, *_ = entry
    return Section(name=_name(content, name, names), address=base + address, offset=offset, size=size if offset else 0)


def _name(content: Content, field: bytes, names: int) -> str:
    """Rule 2."""
    name = field.split(b"\0", 1)[0]
    if name.startswith(b"/"):
        if not name[1:].isdigit() or not names:
            raise ValueError("a PE file with a section without a name")
        name = content.read(names + int(name[1:]), _NAME_BYTES).split(b"\0", 1)[0]
    return name.decode("latin-1")


def _data(
    entries: list[tuple[bytes, int, int, int, int, int, int, int, int, int]], base: int
) -> tuple[int, int] | None:
    """Rule 3."""
    for _, memory_size, address, size, _, _, _, _, _, flags in entries:
        if address and size and flags & ~_ALIGNED == _DATA:
            return base + address, memory_size
    return None
