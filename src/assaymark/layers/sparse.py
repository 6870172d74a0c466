"""Sparse members: which parts of a file are stored, and the file that they make.

Sources: the GNU tar manual, "Storing Sparse Files" (old GNU format; pax formats 0.0, 0.1 and 1.0). All end in a list of
segments; a segment that overlaps its predecessor, leaves the file, or needs more content than is stored is an error,
as in Go's `archive/tar`. The size of the whole file costs nothing until somebody reads it: a terabyte of holes is a
number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

import msgspec

from assaymark.safeio.tarheader import BLOCK, decimal, parse_number

_ZEROS: Final = bytes(256 * 1024)
_OLD_MAP: Final = 386  # four entries in the header, 21 in each extension block
_OLD_ENTRY: Final = 24
_NUMBER_BYTES: Final = 20  # 2^63 in decimal, and a line feed


class Sparse(msgspec.Struct, frozen=True):
    """A file of `size` bytes, of which the segments (offset, length) are stored one behind the other."""

    size: int
    segments: tuple[tuple[int, int], ...]

    @property
    def stored(self) -> int:
        """Bytes of content in the archive."""
        return sum(length for _, length in self.segments)


def old_gnu(block: bytes, next_block: Callable[[], bytes], *, most: int) -> Sparse:
    """The map of a header of type `S`, its extension blocks read.

    Raises:
        ValueError: the map is malformed or longer than `most`.
    """
    numbers = _old_entries(block[_OLD_MAP:], 4)
    extended = block[482]
    while extended:
        extension = next_block()
        numbers += _old_entries(extension, 21)
        extended = extension[504]
        if len(numbers) > 2 * most:
            raise ValueError("a sparse map is too long")
    return _sparse(numbers, parse_number(block[483:495]))


def from_pax(records: dict[bytes, bytes], next_block: Callable[[], bytes], *, most: int) -> tuple[Sparse, int] | None:
    """The map that pax records announce, and how many blocks of content it took; None where they announce none.

    Raises:
        ValueError: the map is malformed or longer than `most`.
    """
    size = records.get(b"GNU.sparse.realsize") or records.get(b"GNU.sparse.size")
    if records.get(b"GNU.sparse.major") == b"1":
        numbers, blocks = _in_content(next_block, most)
    elif b"GNU.sparse.map" in records:
        text = records[b"GNU.sparse.map"]
        if text.count(b",") > 2 * most:
            raise ValueError("a sparse map is too long")
        numbers, blocks = [decimal(number) for number in text.split(b",")] if text else [], 0
    else:
        return None
    return _sparse(numbers, decimal(size or b"")), blocks


def expand(sparse: Sparse, read: Callable[[int], Iterator[bytes]]) -> Iterator[bytes]:
    """The whole file in pieces; `read` yields the next bytes that are stored."""
    position = 0
    for offset, length in sparse.segments:
        yield from _hole(offset - position)
        yield from read(length)
        position = offset + length
    yield from _hole(sparse.size - position)


def _hole(size: int) -> Iterator[bytes]:
    while size > 0:
        yield _ZEROS[:size]
        size -= len(_ZEROS)


def _old_entries(data: bytes, count: int) -> list[int]:
    numbers: list[int] = []
    for start in range(0, count * _OLD_ENTRY, _OLD_ENTRY):
        if not data[start]:
            break
        numbers += (parse_number(data[start : start + 12]), parse_number(data[start + 12 : start + _OLD_ENTRY]))
    return numbers


def _in_content(next_block: Callable[[], bytes], most: int) -> tuple[list[int], int]:
    """Format 1.0: decimal numbers, one a line, in blocks in front of the content; the first counts the segments."""
    first = next_block()
    expected = decimal(first.partition(b"\n")[0])  # of many segments or of a line without end: an error here
    if expected > most:
        raise ValueError("a sparse map is too long")
    blocks = [first]
    lines = first.count(b"\n")
    while lines < 1 + 2 * expected:
        if len(blocks) * BLOCK > _NUMBER_BYTES * (2 + 2 * expected):
            raise ValueError("a sparse map is malformed")
        blocks.append(next_block())
        lines += blocks[-1].count(b"\n")
    return [decimal(line) for line in b"".join(blocks).split(b"\n")[1 : 1 + 2 * expected]], len(blocks)


def _sparse(numbers: list[int], size: int) -> Sparse:
    if len(numbers) % 2:
        raise ValueError("a sparse map is malformed")
    segments = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if (
        size < 0
        or any(offset < 0 or length < 0 or offset + length > size for offset, length in segments)
        or any(before[0] + before[1] > after[0] for before, after in pairwise(segments))
    ):
        raise ValueError("a sparse map does not fit its file")
    return Sparse(size, segments)
