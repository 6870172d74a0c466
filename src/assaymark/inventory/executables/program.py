"""What analysers need of an executable file, whatever its format: sections by name, and bytes by address.

An executable may have gigabytes, so only its tables and what is asked for are read. Every offset and size in it is the
file's own claim and is compared with the file before anything is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from assaymark.limits import Limits

PIECE: Final = 1024 * 1024


class Content:
    """Random access to the bytes of an executable, or of one architecture's part of a universal one."""

    def __init__(self, stream: BinaryIO, *, limits: Limits, base: int = 0) -> None:
        """Look at `stream` from `base` on."""
        self.stream = stream
        self.limits = limits
        self._base = base
        self._size = stream.seek(0, os.SEEK_END)

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset` on; fewer at the end of the file."""
        place = self._base + offset
        if offset < 0 or size <= 0 or place >= self._size:
            return b""
        self.stream.seek(place)
        return self.stream.read(min(size, self._size - place))

    def table(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes of a table of the format.

        Raises:
            ValueError: the table is absurdly large or does not lie in the file.
        """
        if size > self.limits.executable_table_bytes:
            raise ValueError(f"a table of {size} bytes")
        data = self.read(offset, size)
        if len(data) != size:
            raise ValueError("a table that the file does not hold")
        return data


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A named part of the file. `size` counts what the file holds of it."""

    name: str
    address: int
    offset: int
    size: int
    kind: int = 0
    link: int = 0
    is_compressed: bool = False


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A range of addresses that the file's bytes from `offset` on are loaded to."""

    address: int
    offset: int
    size: int


class Program:
    """An executable file's tables.

    Attributes:
        sections: in order of the file.
        data: address and size of where Go's linker puts its build information; None where there is no such place.
        symbols: format of a symbol, `(bytes, is 64-bit, byte order)`; None for formats whose symbols are not read.
    """

    def __init__(
        self,
        content: Content,
        *,
        sections: tuple[Section, ...] = (),
        segments: tuple[Segment, ...] = (),
        data: tuple[int, int] | None = None,
        symbols: SymbolFormat | None = None,
    ) -> None:
        self.content = content
        self.sections = sections
        self.data = data
        self.symbols = symbols
        self._segments = segments

    def section(self, *names: str) -> Section | None:
        """The first section of the first of `names` that there is."""
        for name in names:
            for section in self.sections:
                if section.name == name:
                    return section
        return None

    def read(self, address: int, size: int) -> bytes:
        """Up to `size` bytes at `address`, as far as one segment reaches; none where nothing is loaded."""
        for segment in self._segments:
            start = address - segment.address
            if 0 <= start < segment.size:
                return self.content.read(segment.offset + start, min(size, segment.size - start))
        return b""

    def pieces(self, address: int, size: int) -> Iterator[tuple[int, bytes]]:
        """The bytes from `address` on in large pieces, each with its address; ends where nothing is loaded."""
        end = address + min(size, self.content.limits.executable_search_bytes)
        while address < end:
            data = self.read(address, min(PIECE, end - address))
            if not data:
                return
            yield address, data
            address += PIECE


class SymbolFormat(msgspec.Struct, frozen=True, kw_only=True):
    """How the symbols of an ELF file are written."""

    is_64_bit: bool
    byte_order: str
