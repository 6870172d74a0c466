"""ELF files (System V ABI, "Object Files"): 32 and 64 bits, both byte orders.

Rules:

1. The identification, the class, the byte order and the version must be known; tables must lie in the file.
2. With 65,280 sections and more the header says 0 and the first section says how many (and, with `SHN_XINDEX`, which
   one holds the names).
3. Go's build information is in the section `.go.buildinfo`; where the sections were stripped, somewhere in the first
   writable segment that is not executable.
4. A symbol's name and value are only read for symbols whose name is asked for: there are hundreds of thousands.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from itertools import islice
from re import Pattern
from typing import Final, NamedTuple

from assaymark.inventory.executables.program import Content, Program, Section, Segment, SymbolFormat

MAGIC: Final = b"\x7fELF"

_HEADER: Final = {1: "HHIIIIIHHHHHH", 2: "HHIQQQIHHHHHH"}
_PROGRAM: Final = {1: "IIIIIIII", 2: "IIQQQQQQ"}
_SECTION: Final = {1: "IIIIIIIIII", 2: "IIQQQQIIQQ"}
_SYMBOL: Final = {False: "IIIBBH", True: "IBBHQQ"}
_ORDERS: Final = {1: "<", 2: ">"}
_LOAD: Final = 1
_EXECUTABLE: Final = 1
_WRITABLE: Final = 2
_NAMES: Final = 3  # SHT_STRTAB
_SYMBOLS: Final = 2  # SHT_SYMTAB
_NO_BYTES: Final = 8  # SHT_NOBITS
_COMPRESSED: Final = 0x800
_RESERVED: Final = 0xFF00
_EXTENDED: Final = 0xFFFF
_LARGEST: Final = (1 << 63) - 1
_SYMBOLS_AT_ONCE: Final = 65_536
_MOST_VALUES: Final = 1_000  # a program has a handful of versions
_VALUE_BYTES: Final = 4_096  # of a symbol whose value is read; longer than any version


class _Header(NamedTuple):
    """The fields of `Elf32_Ehdr` and `Elf64_Ehdr` behind the identification, in their order."""

    type: int
    machine: int
    version: int
    entry: int
    program_offset: int
    section_offset: int
    flags: int
    size: int
    program_size: int
    programs: int
    section_size: int
    sections: int
    names: int


class _Program(NamedTuple):
    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int


class _Entry(NamedTuple):
    """The fields of `Elf32_Shdr` and `Elf64_Shdr`, in their order."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


class Value(NamedTuple):
    """A symbol's name, and the bytes that it stands for."""

    name: str
    data: bytes


def read_elf(content: Content) -> Program:
    """The tables of an ELF file.

    Raises:
        ValueError: they are damaged.
    """
    wide, order = _identification(content.read(0, 16))
    header = _header(content, wide, order)
    programs = list(_programs(content, header, wide, order))
    sections = _sections(content, header, wide, order)
    return Program(
        content,
        sections=sections,
        segments=tuple(Segment(address=each.address, offset=each.offset, size=each.file_size) for each in programs),
        data=_data(programs, sections),
        symbols=SymbolFormat(is_64_bit=wide == 2, byte_order=order),
    )


def _identification(ident: bytes) -> tuple[int, str]:
    if len(ident) < 16 or ident[4] not in _HEADER or ident[5] not in _ORDERS or ident[6] != 1:
        raise ValueError("an ELF file of an unknown class, byte order or version")
    return ident[4], _ORDERS[ident[5]]


def _header(content: Content, wide: int, order: str) -> _Header:
    fields = struct.Struct(order + _HEADER[wide])
    header = _Header(*fields.unpack(content.table(16, fields.size)))
    if header.section_offset == 0 and header.sections:
        raise ValueError("an ELF file with sections nowhere")
    if 0 < header.sections <= header.names or max(header.section_offset, header.program_offset) > _LARGEST:
        raise ValueError("an ELF file whose header contradicts itself")
    return header


def _programs(content: Content, header: _Header, wide: int, order: str) -> Iterator[_Program]:
    fields = struct.Struct(order + _PROGRAM[wide])
    if header.programs and header.program_size < fields.size:
        raise ValueError("an ELF file with too small program headers")
    table = content.table(header.program_offset, header.programs * header.program_size)
    for place in range(0, len(table), header.program_size or 1):
        values = fields.unpack_from(table, place)
        if wide == 1:
            kind, offset, address, _, file_size, memory_size, flags, _ = values
        else:
            kind, flags, offset, address, _, file_size, memory_size, _ = values
        if max(offset, file_size) > _LARGEST:
            raise ValueError("an ELF file with a segment nowhere")
        yield _Program(kind, flags, offset, address, file_size, memory_size)


def _sections(content: Content, header: _Header, wide: int, order: str) -> tuple[Section, ...]:
    fields = struct.Struct(order + _SECTION[wide])
    count, names = header.sections, header.names
    if header.section_offset and not count:
        count, names = _extended(_Entry(*fields.unpack(content.table(header.section_offset, fields.size))), names)
    if count and header.section_size < fields.size:
        raise ValueError("an ELF file with too small section headers")
    table = content.table(header.section_offset, count * header.section_size)
    entries = [_Entry(*fields.unpack_from(table, place)) for place in range(0, len(table), header.section_size or 1)]
    if any(max(entry.offset, entry.size) > _LARGEST for entry in entries):
        raise ValueError("an ELF file with a section nowhere")
    text = _names(content, entries, names)
    return tuple(_section(entry, text) for entry in entries)


def _extended(first: _Entry, names: int) -> tuple[int, int]:
    """Rule 2."""
    if names == _EXTENDED:
        names = first.link
    if first.type or first.size < _RESERVED or names >= first.size:
        raise ValueError("an ELF file that counts its sections wrongly")
    return first.size, names


def _names(content: Content, entries: list[_Entry], names: int) -> bytes:
    if not entries or not names:
        return b""
    if names >= len(entries) or entries[names].type != _NAMES:
        raise ValueError("an ELF file whose sections' names are nowhere")
    return content.table(entries[names].offset, entries[names].size)


def _section(entry: _Entry, names: bytes) -> Section:
    end = names.find(b"\0", entry.name)
    if names and (end < 0 or entry.name >= len(names)):
        raise ValueError("an ELF file with a section without a name")
    return Section(
        name=names[entry.name : end].decode("latin-1") if names else "",
        address=entry.address,
        offset=entry.offset,
        size=0 if entry.type == _NO_BYTES else entry.size,
        kind=entry.type,
        link=entry.link,
        is_compressed=bool(entry.flags & _COMPRESSED),
    )


def _data(programs: list[_Program], sections: tuple[Section, ...]) -> tuple[int, int] | None:
    """Rule 3."""
    for section in sections:
        if section.name == ".go.buildinfo":
            return section.address, section.size
    for each in programs:
        if each.type == _LOAD and each.flags & (_EXECUTABLE | _WRITABLE) == _WRITABLE:
            return each.address, each.memory_size
    return None


def symbol_values(program: Program, wanted: Pattern[bytes]) -> Iterator[Value]:
    """The symbols whose name ends as `wanted` says (with the NUL behind it), in order of the table; rule 4."""
    table = next((section for section in program.sections if section.kind == _SYMBOLS), None)
    if table is None or program.symbols is None or table.link >= len(program.sections):
        return
    names = _names_of_symbols(program, program.sections[table.link])
    ends = (match.end() - 1 for match in islice(wanted.finditer(names), _MOST_VALUES))
    starts = {names.rfind(b"\0", 0, end) + 1 for end in ends}
    if starts:
        fields = struct.Struct(program.symbols.byte_order + _SYMBOL[program.symbols.is_64_bit])
        for place in islice(_places(program, table, fields, starts), _MOST_VALUES):
            yield from _value(program, fields.unpack(program.content.read(place, fields.size)), names)


def _places(program: Program, table: Section, fields: struct.Struct, names: set[int]) -> Iterator[int]:
    """Where the symbols with one of `names` stand in the file; the first one of a table is none."""
    swapped = (fields.format.startswith(">")) != (struct.pack("=H", 1) == b"\0\1")
    size = min(table.size, program.content.limits.executable_symbol_bytes)
    for start in range(table.offset, table.offset + size, fields.size * _SYMBOLS_AT_ONCE):
        piece = program.content.read(start, min(fields.size * _SYMBOLS_AT_ONCE, table.offset + size - start))
        words = array("I", piece[: len(piece) // fields.size * fields.size])
        if swapped:
            words.byteswap()
        for number, name in enumerate(words[:: fields.size // words.itemsize]):
            if name in names and start + number > table.offset:
                yield start + number * fields.size


def _value(program: Program, symbol: tuple[int, ...], names: bytes) -> Iterator[Value]:
    if program.symbols is not None and program.symbols.is_64_bit:
        name, _, _, index, address, size = symbol
    else:
        name, address, size, _, _, index = symbol
    if not 0 < size <= _VALUE_BYTES or index >= len(program.sections):
        return
    section = program.sections[index]
    start = address - section.address
    if 0 <= start <= section.size - size:
        data = program.content.read(section.offset + start, size)
        if len(data) == size:
            yield Value(names[name : names.find(b"\0", name)].decode("utf-8", "replace"), data)


def _names_of_symbols(program: Program, section: Section) -> bytes:
    """The symbols only tell a version: too many of them tell none."""
    if section.size > program.content.limits.executable_symbol_bytes or section.is_compressed:
        return b""
    return program.content.read(section.offset, section.size)
