"""Sections and addresses of each format, and which files are looked at at all."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import msgspec
import pytest
from tests.support.executables import BASE, MARK, elf, macho, pe, universal, wasm

from assaymark.inventory.executables.elf import symbol_values
from assaymark.inventory.executables.opening import (
    AUDIT_MARK,
    SIEVE,
    begins_executable,
    find_build_info,
    open_marked,
    open_program,
)
from assaymark.inventory.executables.program import Program
from assaymark.limits import DEFAULT_LIMITS

INFO = (MARK + b"\0\2").ljust(32, b"\0")
SECTIONS = {".text": b"code", ".go.buildinfo": INFO, ".dep-v0": b"audit"}
APPLE = {"__text": b"code", "__go_buildinfo": INFO, ".dep-v0": b"audit"}
WINDOWS = {".data": INFO, ".dep-v0": b"audit", ".debug_gdb_scripts": b"x"}

FILES = {
    "ELF, 64 bits": elf(SECTIONS),
    "ELF, 32 bits": elf(SECTIONS, bits=32),
    "ELF, 64 bits, the most significant byte first": elf(SECTIONS, order=">"),
    "ELF, 32 bits, the most significant byte first": elf(SECTIONS, bits=32, order=">"),
    "PE, 64 bits": pe(WINDOWS),
    "PE, 32 bits": pe(WINDOWS, bits=32),
    "Mach-O, 64 bits": macho(APPLE),
    "Mach-O, 32 bits": macho(APPLE, bits=32),
    "Mach-O, the most significant byte first": macho(APPLE, bits=32, order=">"),
    "universal": universal(macho(APPLE), macho({"__text": b"x"})),
}


def opened(data: bytes) -> Program:
    program = open_program(io.BytesIO(data), limits=DEFAULT_LIMITS)
    assert program is not None
    return program


def content(program: Program, name: str) -> bytes:
    section = program.section(name)
    assert section is not None
    return program.content.read(section.offset, section.size).rstrip(b"\0")


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in FILES.items()])
def test_sections_are_found_by_name_and_build_information_by_its_mark(data: bytes) -> None:
    program = opened(data)
    address = find_build_info(program)

    assert content(program, ".dep-v0") == b"audit"
    assert program.section("absent", ".dep-v0") is not None
    assert program.section("absent") is None
    assert address is not None
    assert address % 16 == 0
    assert program.read(address, 32) == INFO
    assert SIEVE.begins(data[:16])
    assert SIEVE.holds(io.BytesIO(data), DEFAULT_LIMITS)


def test_a_name_of_more_than_eight_characters_is_in_the_table_of_strings() -> None:
    assert content(opened(pe(WINDOWS)), ".debug_gdb_scripts") == b"x"


def test_custom_sections_of_webassembly() -> None:
    program = opened(wasm([("name", b"n" * 300), (".dep-v0", b"audit")]))

    assert [section.name for section in program.sections] == ["name", ".dep-v0"]
    assert content(program, ".dep-v0") == b"audit"
    assert find_build_info(program) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(elf({".data": b"x" * 20 + MARK}, stripped=True), id="a mark that is not aligned"),
        pytest.param(elf({".data": b"x"}), id="no mark"),
        pytest.param(macho({"__data": INFO}, protection=1), id="a segment that is not written"),
        pytest.param(pe({".data": INFO}, flags=0x40000040), id="a section that is not written"),
    ],
)
def test_other_programs_have_no_build_information(data: bytes) -> None:
    assert find_build_info(opened(data)) is None
    assert not SIEVE.holds(io.BytesIO(data), DEFAULT_LIMITS)


@pytest.mark.parametrize("data", [elf({".data": b"x" * 40 + bytes(8) + INFO}, stripped=True), macho({"__data": INFO})])
def test_without_the_section_the_first_writable_segment_is_searched(data: bytes) -> None:
    assert find_build_info(opened(data)) is not None


def test_a_mark_that_is_not_aligned_hides_no_other() -> None:
    address = find_build_info(opened(elf({".go.buildinfo": MARK[:3] + MARK + bytes(15) + INFO})))

    assert address is not None
    assert address == BASE + 64 + 32


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"#!/bin/sh\necho hello\n", id="a script"),
        pytest.param(b"\x7fELF", id="a magic number alone"),
        pytest.param(b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40), id="compiled Java"),
        pytest.param(b"PK\3\4" + bytes(40), id="an archive"),
    ],
)
def test_other_files_are_no_programs(data: bytes) -> None:
    assert open_program(io.BytesIO(data), limits=DEFAULT_LIMITS) is None
    assert not (SIEVE.begins(data[:16]) and SIEVE.holds(io.BytesIO(data), DEFAULT_LIMITS))


def test_a_script_is_told_by_its_first_bytes() -> None:
    assert not begins_executable(b"#!/usr/bin/env python3"[:16])
    assert begins_executable(elf({})[:16])


def _damaged(make: Callable[[bytearray], None], data: bytes) -> bytes:
    copy = bytearray(data)
    make(copy)
    return bytes(copy)


def _set(place: int, value: bytes) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        data[place : place + len(value)] = value

    return change


ELF, PE, MACHO = FILES["ELF, 64 bits"], FILES["PE, 64 bits"], FILES["Mach-O, 64 bits"]
DAMAGED = {
    "an ELF class that does not exist": _damaged(_set(4, b"\3"), ELF),
    "sections beyond the end": _damaged(_set(40, b"\xff\xff\xff\x7f"), ELF),
    "segments beyond the end": _damaged(_set(32, b"\xff\xff\xff\x7f"), ELF),
    "section headers that are too small": _damaged(_set(58, b"\1\0"), ELF),
    "program headers that are too small": _damaged(_set(54, b"\1\0"), ELF),
    "names in a section that does not exist": _damaged(_set(62, b"\xff\0"), ELF),
    "names in a section of another kind": _damaged(_set(62, b"\1\0"), ELF),
    "sections nowhere": _damaged(_set(40, bytes(8)), ELF),
    "far too many sections": _damaged(_set(58, b"\xff\xff\xff\xff"), ELF),
    "an ELF file that is cut off": ELF[:-200],
    "a program for DOS": _damaged(_set(128, b"NE\0\0"), PE),
    "an unknown machine": _damaged(_set(132, b"\xaa\xbb"), PE),
    "an unknown optional header": _damaged(_set(152, b"\xaa\xbb"), PE),
    "a section with the number of a name that is none": _damaged(_set(152 + 32 + 80, b"/x"), PE),
    "a PE file that is cut off": PE[:200],
    "commands that are cut off": _damaged(_set(16, b"\xff"), MACHO),
    "a command of no size": _damaged(_set(36, b"\0"), MACHO),
    "more sections than a segment holds": _damaged(_set(32 + 24 + 64, b"\xff"), MACHO),
    "a Mach-O file that is cut off": MACHO[:60],
    "a universal file of something else": universal(b"x" * 100),
    "a module whose sizes are no numbers": wasm([])[:8] + b"\0" + b"\xff" * 9 + AUDIT_MARK,
}


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in DAMAGED.items()])
def test_damaged_tables_matter_where_a_mark_stands(data: bytes) -> None:
    with pytest.raises(ValueError):
        open_program(io.BytesIO(data), limits=DEFAULT_LIMITS)

    marked = data + MARK
    assert SIEVE.holds(io.BytesIO(marked), DEFAULT_LIMITS)
    with pytest.raises(ValueError):
        open_marked(io.BytesIO(marked), MARK, limits=DEFAULT_LIMITS)
    assert open_marked(io.BytesIO(data), b"no such mark", limits=DEFAULT_LIMITS) is None


def test_a_mark_that_lies_across_two_pieces_is_found() -> None:
    data = DAMAGED["an ELF class that does not exist"][:64].ljust(1024 * 1024 - 5, b"\0") + MARK

    assert SIEVE.holds(io.BytesIO(data), DEFAULT_LIMITS)


def test_more_sections_than_the_header_can_count() -> None:
    plain = elf({"x" * 3: b"", **{f"s{number}": b"" for number in range(0xFF00)}})
    shoff = int.from_bytes(plain[40:48], "little")
    count = int.from_bytes(plain[60:62], "little")
    assert count == (0xFF00 + 3) & 0xFFFF
    data = bytearray(plain)
    data[60:64] = b"\0\0\xff\xff"
    data[shoff + 32 : shoff + 40] = (0xFF00 + 3).to_bytes(8, "little")
    data[shoff + 40 : shoff + 44] = (0xFF00 + 2).to_bytes(4, "little")

    assert len(opened(bytes(data)).sections) == 0xFF00 + 3
    data[shoff + 32 : shoff + 40] = (0xFE00).to_bytes(8, "little")
    with pytest.raises(ValueError, match="counts its sections"):
        opened(bytes(data))


@pytest.mark.parametrize(("bits", "order"), [(64, "<"), (64, ">"), (32, "<"), (32, ">")])
def test_symbols_are_read_by_the_end_of_their_name(bits: int, order: str) -> None:
    data = elf({}, bits=bits, order=order, symbols={"main.version.str": b"1.2.3", "main.main": b"x", "b.str": b"4"})

    found = list(symbol_values(opened(data), re.compile(rb"version\.str\0")))

    assert found == [("main.version.str", b"1.2.3")]


def test_symbols_that_are_too_many_are_not_read() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, executable_symbol_bytes=20)
    program = open_program(io.BytesIO(elf({}, symbols={"main.version.str": b"1.2.3"})), limits=limits)

    assert program is not None
    assert list(symbol_values(program, re.compile(rb"\.str\0"))) == []
    assert list(symbol_values(opened(elf({})), re.compile(rb"\.str\0"))) == []
