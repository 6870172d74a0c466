"""The central directory of a zip archive (APPNOTE.TXT 6.3, sections 4.3.12 to 4.3.16 and 4.5.3).

Rules, where archives disagree with themselves they are those of Go's `archive/zip`, which the reference uses:

1. The end record is the last one whose comment fits into the file; it may be followed by nothing else.
2. Offsets count from the first byte of the archive, which need not be the file's: a script or a program may stand in
   front. If the directory is found where its offset says, nothing stands in front.
3. The directory is read entry by entry, and their number must be the one that the end record has, in its 16 bits.
4. Sizes that do not fit 32 bits stand in the zip64 extra field; an entry that promises one and has none is an error.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.text import decode_utf8

LOCAL_HEADER: Final = struct.Struct("<26xHH")  # the lengths of name and extra field; the directory tells the rest
_ENTRY: Final = struct.Struct("<4x4xHH4xIIIHHH8xI")
_END: Final = struct.Struct("<4s4xHHIIH")
_LOCATOR: Final = struct.Struct("<4s4xQ4x")
_END_64: Final = struct.Struct("<4s28xQQQ")
_MAX_16: Final = 0xFFFF
_MAX_32: Final = 0xFFFF_FFFF
_ZIP64: Final = 1
_BROKEN: Final = "is not a zip archive, or is damaged"


class Member(msgspec.Struct, frozen=True):
    """One entry of the directory.

    Attributes:
        name: as it is written, of text or of bytes that nobody declared; not normalised.
        offset: of the local header, from the start of the stream.
        packed, size: bytes as stored, and as promised after unpacking.
    """

    name: str
    offset: int
    packed: int
    size: int
    crc: int
    method: int
    flags: int


class _Directory(msgspec.Struct, frozen=True):
    entries: int
    size: int
    offset: int
    base: int


def read_directory(stream: BinaryIO, *, limits: Limits, what: str) -> tuple[Member, ...]:
    """The entries of the archive in `stream`, in the directory's order.

    Raises:
        ArtifactError: it is no zip archive, or a damaged one.
        LimitError: more entries, or a longer directory, than allowed.
    """
    name = f"`{what[:200]}`"
    directory = _find_directory(stream, name)
    if directory.size > limits.zip_directory_bytes:
        raise LimitError(f"{name} has a directory of {directory.size} bytes, above {limits.zip_directory_bytes}")
    stream.seek(directory.base + directory.offset)
    members = tuple(_entries(stream.read(directory.size), directory, limits, name))
    if len(members) & _MAX_16 != directory.entries & _MAX_16:
        raise ArtifactError(f"{name} {_BROKEN}: it has {len(members)} of {directory.entries} entries")
    return members


def _find_directory(stream: BinaryIO, name: str) -> _Directory:
    end = stream.seek(0, os.SEEK_END)
    start = max(0, end - _END.size - _MAX_16)
    stream.seek(start)
    tail = stream.read(end - start)
    place = tail.rfind(b"PK\x05\x06", 0, max(0, len(tail) - _END.size + 4))
    if place < 0:
        raise ArtifactError(f"{name} {_BROKEN}")
    _, _, entries, size, offset, comment = _END.unpack_from(tail, place)
    if place + _END.size + comment > len(tail):
        raise ArtifactError(f"{name} {_BROKEN}: its comment is cut off")
    stop = start + place
    if _MAX_16 in (entries, size) or _MAX_32 in (size, offset):
        found = _find_zip64(stream, stop)
        if found:
            stop, entries, size, offset = found
    return _Directory(entries, size, offset, _base(stream, stop, size, offset, name))


def _find_zip64(stream: BinaryIO, stop: int) -> tuple[int, int, int, int] | None:
    """Position, entries, size and offset that the zip64 end record has; it stands before the other, by a pointer."""
    if stop < _LOCATOR.size:
        return None
    stream.seek(stop - _LOCATOR.size)
    signature, position = _LOCATOR.unpack(stream.read(_LOCATOR.size))
    if signature != b"PK\x06\x07" or position > stop:
        return None
    stream.seek(position)
    record = stream.read(_END_64.size)
    if len(record) < _END_64.size or not record.startswith(b"PK\x06\x06"):
        return None
    _, entries, size, offset = _END_64.unpack(record)
    return position, entries, size, offset


def _base(stream: BinaryIO, stop: int, size: int, offset: int, name: str) -> int:
    """Rule 2."""
    base = stop - size - offset
    if base < 0 or size > stop:
        raise ArtifactError(f"{name} {_BROKEN}: its directory does not lie in it")
    if base and size:
        stream.seek(offset)
        if stream.read(4) == b"PK\x01\x02":
            return 0
    return base


def _entries(data: bytes, directory: _Directory, limits: Limits, name: str) -> Iterator[Member]:
    place, count = 0, 0
    while data.startswith(b"PK\x01\x02", place) and len(data) - place >= _ENTRY.size:
        flags, method, crc, packed, size, name_length, extra_length, comment_length, offset = _ENTRY.unpack_from(
            data, place
        )
        start = place + _ENTRY.size
        extra = start + name_length
        place = extra + extra_length + comment_length
        count += 1
        if place > len(data):
            raise ArtifactError(f"{name} {_BROKEN}: its directory is cut off")
        if count > limits.zip_members:
            raise LimitError(f"{name} has more than {limits.zip_members} members")
        if _MAX_32 in (packed, size, offset):
            size, packed, offset = _zip64_sizes(data[extra : extra + extra_length], size, packed, offset, name)
        yield Member(decode_utf8(data[start:extra]), directory.base + offset, packed, size, crc, method, flags)


def _zip64_sizes(extra: bytes, size: int, packed: int, offset: int, name: str) -> tuple[int, int, int]:
    """Rule 4: of the three, those that are all ones stand in the field, in this order."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        if kind == _ZIP64:
            words = iter(struct.unpack_from(f"<{min(length, len(extra) - place - 4) // 8}Q", extra, place + 4))
            try:
                return tuple(next(words) if value == _MAX_32 else value for value in (size, packed, offset))  # type: ignore[return-value]  # three of three
            except RuntimeError as exc:  # StopIteration inside the generator
                raise ArtifactError(f"{name} {_BROKEN}: a size is missing") from exc
        place += 4 + length
    if _MAX_32 in (packed, offset):
        raise ArtifactError(f"{name} {_BROKEN}: a size is missing")
    return size, packed, offset
