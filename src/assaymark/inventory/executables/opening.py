"""Which executables are looked at, and which of them are worth keeping.

An image has thousands of executables, most of them scripts or programs in C. Rules:

1. The first bytes tell the format; what has none of them is not an executable that is read.
2. Of the others only the tables are read. A file is kept for the analysers if it has a section of cargo-auditable or
   the mark of Go's build information.
3. A file whose tables are damaged is kept only if it holds one of these marks somewhere, so that the report says what
   could not be read: a broken program that has neither is nobody's loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final

from assaymark.inventory.analyzer import Sieve
from assaymark.inventory.executables import elf, macho, pe, wasm
from assaymark.inventory.executables.program import PIECE, Content, Program
from assaymark.limits import Limits

BUILD_INFO: Final = b"\xff Go buildinf:"
"""The mark in front of Go's build information."""

AUDIT_SECTIONS: Final = (".dep-v0", ".rust-deps-v0", "rdep-v0", "rust-deps-v0")
"""Where cargo-auditable writes, and where the tool that it grew out of did."""

AUDIT_MARK: Final = b".dep-v0"

_ALIGNED: Final = 16
_HEAD_BYTES: Final = 16
_READERS: Final[tuple[tuple[bytes, Callable[[Content], Program | None]], ...]] = (
    (elf.MAGIC, elf.read_elf),
    (pe.MAGIC, pe.read_pe),
    *((magic, macho.read_macho) for magic in macho.MAGICS),
    (macho.UNIVERSAL, macho.read_universal),
    (wasm.MAGIC, wasm.read_wasm),
)


def begins_executable(head: bytes) -> bool:
    """Rule 1, for the first bytes of a file."""
    return len(head) >= _HEAD_BYTES and head.startswith(tuple(magic for magic, _ in _READERS))


def open_program(stream: BinaryIO, *, limits: Limits) -> Program | None:
    """The tables of an executable; None for any other file.

    Raises:
        ValueError: the tables are damaged.
    """
    content = Content(stream, limits=limits)
    head = content.read(0, _HEAD_BYTES)
    if not begins_executable(head):
        return None
    return next(reader(content) for magic, reader in _READERS if head.startswith(magic))


def find_build_info(program: Program) -> int | None:
    """The address of the mark of Go's build information, which is aligned."""
    if program.data is None:
        return None
    start, size = program.data
    aligned = -start % _ALIGNED
    for address, data in program.pieces(start + aligned, size - aligned):
        place = data.find(BUILD_INFO)
        while place >= 0:
            if place % _ALIGNED == 0:
                return address + place
            place = data.find(BUILD_INFO, place + 1)
    return None


def holds_packages(stream: BinaryIO, limits: Limits) -> bool:
    """Rules 2 and 3."""
    try:
        program = open_program(stream, limits=limits)
        if program is None:
            return False
        return program.section(*AUDIT_SECTIONS) is not None or find_build_info(program) is not None
    except ValueError:
        return has_mark(stream, BUILD_INFO, AUDIT_MARK, limits=limits)


def open_marked(stream: BinaryIO, mark: bytes, *, limits: Limits) -> Program | None:
    """As `open_program`; a damaged file without `mark` is None.

    Raises:
        ValueError: the tables of a file with the mark are damaged.
    """
    try:
        return open_program(stream, limits=limits)
    except ValueError:
        if has_mark(stream, mark, limits=limits):
            raise
        return None


def has_mark(stream: BinaryIO, *marks: bytes, limits: Limits) -> bool:
    """Whether one of the marks stands anywhere in the file, as far as it is searched."""
    stream.seek(0)
    overlap, left = b"", limits.executable_search_bytes
    while left > 0 and (piece := stream.read(PIECE)):
        if any(mark in overlap + piece for mark in marks):
            return True
        overlap, left = piece[-_HEAD_BYTES:], left - len(piece)
    return False


SIEVE: Final = Sieve(begins=begins_executable, holds=holds_packages)
"""For analysers of executables: what is kept of the files that only their mode makes interesting."""
