"""NDB: rpm's `Packages.db` (rpm 4.14 and later, `lib/backend/ndb/rpmpkg.c`); SUSE's default.

A header of 32 bytes, pages of slots of 16 bytes, then blobs in blocks of 16 bytes; all numbers are little-endian.
Rules:

1. A slot names a package's number, the first block of its blob and the number of blocks; the number 0 is a free slot.
2. A blob is framed: magic, number, generation and length in front; Adler-32 of all before it, length and magic behind.
   A frame that does not fit its slot costs the package; a wrong checksum is told, and the header judged by itself.
3. Blobs do not overlap, so all together are no longer than the file.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final

from assaymark.inventory.rpm.content import Content, Trouble
from assaymark.limits import Limits

MAGIC: Final = b"RpmP"
"""The first bytes of such a file."""

_HEAD: Final = Struct("<4sIII16x")
_SLOT: Final = Struct("<4sIII")
_FRAME_HEAD: Final = Struct("<4sIII")
_FRAME_TAIL: Final = Struct("<II4s")
_PAGE: Final = 4096
_MOST_PAGES: Final = 2048  # as in rpm: half a million packages
_BLOCK: Final = 16


def read_ndb(content: Content, *, limits: Limits, trouble: Trouble) -> Iterator[bytes]:
    """The headers in a `Packages.db` file.

    Raises:
        ValueError: it is no such file, its slots cannot be read, or its blobs overlap.
    """
    _magic, version, _generation, pages = _HEAD.unpack(content.read(0, _HEAD.size))
    if version or not 0 < pages <= _MOST_PAGES:
        raise ValueError(f"an NDB file of version {version} with {pages} pages of slots")
    whole_pages = min(pages, content.size // _PAGE)
    if not whole_pages:
        raise ValueError("an NDB file without its slots")
    if whole_pages < pages:
        trouble(f"the file ends after {whole_pages} of {pages} pages of slots")
    room = content.size
    for magic, number, block, blocks in _SLOT.iter_unpack(content.read(_HEAD.size, whole_pages * _PAGE - _HEAD.size)):
        if magic != b"Slot":
            raise ValueError("a slot without its magic number")
        if not number:
            continue
        length = blocks * _BLOCK
        if length > limits.rpm_header_bytes:
            trouble(f"package {number} has a blob of {length} bytes")
            continue
        room -= length
        if room < 0:
            raise ValueError("blobs that overlap: together they are longer than the file")
        try:
            yield _blob(content.read(block * _BLOCK, length), number, trouble)
        except ValueError as exc:
            trouble(str(exc))


def _blob(frame: bytes, number: int, trouble: Trouble) -> bytes:
    """Rule 2."""
    if len(frame) < _FRAME_HEAD.size + _FRAME_TAIL.size:
        raise ValueError(f"package {number} has no blob")
    magic, owner, _generation, length = _FRAME_HEAD.unpack_from(frame)
    checksum, again, end = _FRAME_TAIL.unpack_from(frame, len(frame) - _FRAME_TAIL.size)
    fits = _FRAME_HEAD.size + length + _FRAME_TAIL.size <= len(frame)
    if (magic, owner, again, end, fits) != (b"BlbS", number, length, b"BlbE", True):
        raise ValueError(f"package {number} has another's blob, or none")
    if zlib.adler32(frame[: -_FRAME_TAIL.size]) != checksum:
        trouble(f"package {number} has a blob with a wrong checksum")
    return frame[_FRAME_HEAD.size : _FRAME_HEAD.size + length]
