"""Executables with sections and nothing else, as small as their formats allow, and what compilers embed in them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

BASE = 0x400000
MARK = b"\xff Go buildinf:"
SENTINEL = bytes(range(16))
MODULES = """\
path\texample.org/tool/cmd/tool
mod\texample.org/tool\tv1.2.0\th1:a=
dep\tgolang.org/x/text\tv0.3.0\th1:b=
"""


def aligned(data: bytes, to: int = 16) -> bytes:
    return data + bytes(-len(data) % to)


def elf(
    sections: Mapping[str, bytes],
    *,
    bits: int = 64,
    order: str = "<",
    symbols: Mapping[str, bytes] | None = None,
    stripped: bool = False,
) -> bytes:
    """An ELF file; every section is loaded at `BASE` and its offset. `symbols` stand for bytes of their own section."""
    head = 64 if bits == 64 else 52
    data = bytearray(aligned(bytes(head)))
    placed: list[tuple[str, int, int, int, int]] = [("", 0, 0, 0, 0)]  # name, type, offset, size, link

    def place(name: str, content: bytes, kind: int = 1, link: int = 0) -> int:
        placed.append((name, kind, len(data), len(content), link))
        data.extend(aligned(content))
        return placed[-1][2]

    for name, content in sections.items():
        place(name, content)
    if symbols:
        values = place(".rodata", b"".join(symbols.values()))
        names = b"\0" + b"".join(name.encode() + b"\0" for name in symbols)
        table, name_at, value_at = [bytes(24 if bits == 64 else 16)], 1, values
        for name, value in symbols.items():
            fields = (name_at, 1, 0, len(placed) - 1, BASE + value_at, len(value))
            if bits == 64:
                table.append(struct.pack(f"{order}IBBHQQ", *fields))
            else:
                table.append(struct.pack(f"{order}IIIBBH", fields[0], fields[4], fields[5], 1, 0, fields[3]))
            name_at, value_at = name_at + len(name) + 1, value_at + len(value)
        place(".symtab", b"".join(table), 2, len(placed) + 1)
        place(".strtab", names, 3)
    all_names = b"\0".join(name.encode() for name in [*(each[0] for each in placed), ".shstrtab"]) + b"\0"
    place(".shstrtab", all_names, 3)
    section_offset, entries, name_at = len(data), b"", 0
    form = "IIQQQQIIQQ" if bits == 64 else "IIIIIIIIII"
    for name, kind, offset, size, link in placed:
        address = BASE + offset if offset else 0
        entries += struct.pack(order + form, name_at, kind, 0, address, offset, size, link, 0, 1, 0)
        name_at += len(name) + 1
    program_offset = section_offset + len(entries)
    end = program_offset + (56 if bits == 64 else 32)
    if bits == 64:
        program = struct.pack(f"{order}IIQQQQQQ", 1, 6, 0, BASE, BASE, end, end, 1)
    else:
        program = struct.pack(f"{order}IIIIIIII", 1, 0, BASE, BASE, end, end, 6, 1)
    counts = (0, 0, 0) if stripped else (struct.calcsize(order + form), len(placed), len(placed) - 1)
    identification = b"\x7fELF" + bytes((bits // 32, 1 if order == "<" else 2, 1)) + bytes(9)
    form = "HHIQQQIHHHHHH" if bits == 64 else "HHIIIIIHHHHHH"
    offset = 0 if stripped else section_offset
    header = struct.pack(order + form, 2, 62, 1, 0, program_offset, offset, 0, head, len(program), 1, *counts)
    data[: 16 + len(header)] = identification + header
    return bytes(data) + entries + program


def pe(sections: Mapping[str, bytes], *, bits: int = 64, flags: int = 0xC0000040) -> bytes:
    """A PE file; names of more than eight characters stand in the table of strings."""
    optional = (
        (struct.pack("<H", 0x20B) + bytes(22) + struct.pack("<Q", BASE))
        if bits == 64
        else (struct.pack("<H", 0x10B) + bytes(26) + struct.pack("<I", BASE))
    )
    table, strings, content = b"", struct.pack("<I", 0), b""
    start = 128 + 24 + len(optional) + 40 * len(sections)
    for name, data in sections.items():
        field = name.encode()
        if len(field) > 8:
            field, strings = f"/{len(strings)}".encode(), strings + field + b"\0"
        offset = start + len(content)
        content += aligned(data)
        size = len(aligned(data))
        table += struct.pack("<8sIIIIIIHHI", field, size, (offset + 15) & ~15, size, offset, 0, 0, 0, 0, flags)
    header = struct.pack("<HHIIIHH", 0x8664, len(sections), 0, start + len(content), 0, len(optional), 0)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 128)
    return dos.ljust(128, b"\0") + b"PE\0\0" + header + optional + table + content + strings


def macho(sections: Mapping[str, bytes], *, bits: int = 64, order: str = "<", protection: int = 3) -> bytes:
    """A Mach-O file with one segment."""
    wide = bits == 64
    head, command, entry = (32, "16sQQQQIIII", "16s16sQQIIIIIIII") if wide else (28, "16sIIIIIIII", "16s16sIIIIIIIII")
    size = 8 + struct.calcsize(f"{order}{command}") + len(sections) * struct.calcsize(f"{order}{entry}")
    other = struct.pack(f"{order}II", 0x1B, 24) + bytes(16)
    start = (head + len(other) + size + 15) & ~15
    table, content = b"", b""
    for name, data in sections.items():
        offset = start + len(content)
        fields = (name.encode(), b"__DATA", BASE + offset, len(data), offset, 0, 0, 0, 0, 0, 0, 0)
        table += struct.pack(order + entry, *(fields if wide else fields[:-1]))
        content += aligned(data)
    whole = start + len(content)
    loaded = (b"__DATA", BASE, whole, 0, whole, protection, protection, len(sections), 0)
    segment = struct.pack(f"{order}II", 0x19 if wide else 1, size) + struct.pack(order + command, *loaded) + table
    magic = struct.pack(f"{order}I", 0xFEEDFACF if wide else 0xFEEDFACE)
    header = magic + struct.pack(f"{order}IIIIII", 7, 3, 2, 2, len(other) + len(segment), 0)
    return (header.ljust(head, b"\0") + other + segment).ljust(start, b"\0") + content


def universal(*programs: bytes) -> bytes:
    """A universal file of several architectures."""
    offset, table, content = 8 + 20 * len(programs), b"", b""
    for number, program in enumerate(programs):
        table += struct.pack(">IIIII", number, 0, offset + len(content), len(program), 0)
        content += program
    return b"\xca\xfe\xba\xbe" + struct.pack(">I", len(programs)) + table + content


def varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))


def wasm(sections: Sequence[tuple[str, bytes]]) -> bytes:
    """A WebAssembly module with a code section in front of the custom ones."""
    module = b"\0asm\1\0\0\0" + b"\x0a" + varint(3) + b"abc"
    for name, data in sections:
        body = varint(len(name)) + name.encode() + data
        module += b"\0" + varint(len(body)) + body
    return module


def framed(modules: str) -> bytes:
    return SENTINEL + modules.encode() + SENTINEL if modules else b""


def build_info(version: str = "go1.22.1", modules: str = MODULES) -> bytes:
    """Build information as Go 1.18 and later write it."""
    texts = (version.encode(), framed(modules))
    return aligned(MARK + bytes((0, 2)), 32) + b"".join(varint(len(text)) + text for text in texts)


def old_build_info(
    address: int, version: str = "go1.17.3", modules: str = MODULES, *, bits: int = 64, order: str = "<"
) -> bytes:
    """Build information with pointers, for the address where it will stand."""
    size, form = bits // 8, f"{order}{'QQ' if bits == 64 else 'II'}"
    texts = (version.encode(), framed(modules))
    strings_at = address + 32
    texts_at = strings_at + 4 * size
    strings = struct.pack(form, texts_at, len(texts[0])) + struct.pack(form, texts_at + len(texts[0]), len(texts[1]))
    header = MARK + bytes((size, 1 if order == ">" else 0)) + struct.pack(form, strings_at, strings_at + 2 * size)
    return header.ljust(32, b"\0") + strings + b"".join(texts)


def audit(packages: Sequence[Mapping[str, Any]]) -> bytes:
    """What cargo-auditable embeds."""
    return zlib.compress(json.dumps({"packages": packages}).encode())
