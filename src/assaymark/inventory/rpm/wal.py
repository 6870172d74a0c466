"""SQLite's write-ahead log (https://www.sqlite.org/fileformat2.html#walformat): pages newer than the file's.

What rpm wrote last may stand there alone, when an image was made before the log was folded into the database. Rules:

1. A frame counts when its salts are the log's and the running checksum fits: what stands behind is of an older log.
2. Frames count up to the last one that ends a transaction; it tells the number of pages of the database.
3. Of several frames for one page the last counts.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

import msgspec

from assaymark.inventory.rpm.content import Content

_HEAD: Final = Struct(">IIIIIIII")
_FRAME: Final = Struct(">IIIIII")
_MAGIC: Final = 0x377F0682  # the lowest bit tells the byte order of the checksums
_VERSION: Final = 3_007_000
_WORD: Final = 0xFFFFFFFF

_Sums = tuple[int, int]


class Log(msgspec.Struct, frozen=True):
    """The committed pages of a log.

    Attributes:
        places: page number → offset in the log.
        pages: of the database behind the last transaction.
    """

    places: dict[int, int]
    pages: int


def read_log(content: Content, page_size: int) -> Log | None:
    """What the log of a database with such pages holds; None where it has no committed transaction."""
    if content.size < _HEAD.size + _FRAME.size:
        return None
    head = content.read(0, _HEAD.size)
    magic, version, log_page_size, _sequence, *salts = _HEAD.unpack(head)[:6]
    order = ">" if magic & 1 else "<"
    sums = _checksum(head[:24], (0, 0), order)
    if magic & ~1 != _MAGIC or version != _VERSION or log_page_size != page_size or sums != _HEAD.unpack(head)[6:]:
        return None
    step = _FRAME.size + page_size
    committed: dict[int, int] = {}
    pending: dict[int, int] = {}
    pages = 0
    for start in range(_HEAD.size, content.size - step + 1, step):
        frame = content.read(start, step)
        number, after, *rest = _FRAME.unpack_from(frame)
        sums = _checksum(frame[_FRAME.size :], _checksum(frame[:8], sums, order), order)
        if rest != [*salts, *sums]:
            break
        pending[number] = start + _FRAME.size
        if after:
            committed.update(pending)
            pending.clear()
            pages = after
    return Log(committed, pages) if committed else None


def _checksum(data: bytes, sums: _Sums, order: str) -> _Sums:
    """The log's checksum, continued over `data`."""
    first, second = sums
    words = iter(Struct(f"{order}{len(data) // 4}I").unpack(data))
    for one, other in zip(words, words, strict=True):
        first = (first + one + second) & _WORD
        second = (second + other + first) & _WORD
    return first, second
