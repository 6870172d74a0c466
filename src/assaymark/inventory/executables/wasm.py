"""WebAssembly modules (https://webassembly.github.io/spec/core/binary/modules.html): their custom sections.

A section is an identifier, a size in LEB128 and its content; a custom one has the identifier 0 and begins with a name.
"""

from __future__ import annotations

from typing import Final

from assaymark.inventory.executables.program import Content, Program, Section

MAGIC: Final = b"\x00asm\x01\x00\x00\x00"

_HEAD_BYTES: Final = 128  # identifier, size, and the name of any section that is asked for
_MOST_SECTIONS: Final = 10_000


def read_wasm(content: Content) -> Program:
    """The custom sections of a module.

    Raises:
        ValueError: a size is not a number, or there is no end to the sections.
    """
    sections: list[Section] = []
    offset = len(MAGIC)
    for _ in range(_MOST_SECTIONS):
        head = content.read(offset, _HEAD_BYTES)
        if not head:
            return Program(content, sections=tuple(sections))
        size, start = _number(head, 1)
        if head[0] == 0:
            length, name = _number(head, start)
            inside = name + length - start
            text = head[name : name + length].decode("latin-1")
            sections.append(Section(name=text, address=0, offset=offset + name + length, size=max(0, size - inside)))
        offset += start + size
    raise ValueError(f"a module of more than {_MOST_SECTIONS} sections")


def _number(data: bytes, start: int) -> tuple[int, int]:
    """An unsigned number of 32 bits in LEB128, and the place behind it."""
    value = 0
    for count, byte in enumerate(data[start : start + 5]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if value >> 32:
                break
            return value, start + count + 1
    raise ValueError("a module with a size that is no number")
