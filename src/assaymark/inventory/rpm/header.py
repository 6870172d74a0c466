"""Headers of rpm packages, as databases and archives hold them (rpm, "Header format", `lib/header.c`).

Two big-endian numbers, the entries of the index and the bytes of the data; then the index, 16 bytes an entry: tag,
type, offset into the data, number of elements; then the data. Rules:

1. An index has 1 to 65,535 entries, and index and data lie inside the bytes that are given.
2. The first entry may be a *region*: what the package was signed with. It ends in a trailer that tells its length. What
   rpm adds when it installs the package stands behind it, and replaces equal tags of the region (*dribbles*).
3. Strings end in a NUL. A localised string has several, the untranslated one first. An array of them ends before the
   data of another entry begins.
4. A tag that is asked for and has another type makes the header malformed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from assaymark.limits import Limits
from assaymark.safeio.text import decode_utf8

_LENGTHS: Final = Struct(">II")
_ENTRY: Final = Struct(">IIiI")
_MOST_ENTRIES: Final = 65_535  # as in rpm
_REGIONS: Final = frozenset({61, 62, 63})
_INT32: Final = 4
_STRING: Final = 6
_BINARY: Final = 7
_STRING_ARRAY: Final = 8
_LOCALISED: Final = 9


class Tag(IntEnum):
    """The tags that an inventory needs (`lib/rpmtag.h`)."""

    SIGMD5 = 261
    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    VENDOR = 1011
    LICENSE = 1014
    ARCH = 1022
    SOURCERPM = 1044
    PROVIDENAME = 1047
    REQUIRENAME = 1049
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    MODULARITYLABEL = 5096


_TAGS: Final = frozenset(int(tag) for tag in Tag)


class _Entry(NamedTuple):
    """One entry of the index; the offset counts from the beginning of the bytes."""

    type: int
    offset: int
    elements: int


class Header:
    """The index of one package, read; values are decoded when they are asked for."""

    def __init__(
        self, data: bytes, entries: dict[int, _Entry], *, offsets: Collection[int], end: int, longest: int
    ) -> None:
        self._data = data
        self._longest = longest
        self._entries = entries
        self._offsets = sorted(offsets)
        self._end = end

    def text(self, tag: Tag) -> str:
        """A string, the untranslated one of several; empty where the tag is missing."""
        entry = self._entry(tag, _STRING, _LOCALISED)
        if entry is None:
            return ""
        end = self._data.find(b"\0", entry.offset, min(self._end, entry.offset + self._longest + 1))
        if end < 0:
            raise ValueError(f"{tag.name} does not end within {self._longest} bytes")
        return decode_utf8(self._data[entry.offset : end])

    def texts(self, tag: Tag, *, fits: Callable[[int, int], bool]) -> list[str]:
        """An array of strings; empty where the tag is missing, or where `fits(words, bytes)` refuses it."""
        entry = self._entry(tag, _STRING_ARRAY)
        if entry is None:
            return []
        following = bisect_right(self._offsets, entry.offset)
        end = self._offsets[following] if following < len(self._offsets) else self._end
        if entry.elements > end - entry.offset:
            raise ValueError(f"{tag.name} has {entry.elements} strings in {end - entry.offset} bytes")
        if not fits(entry.elements, end - entry.offset):
            return []
        parts = self._decoded(tag, entry.offset, end).split("\0", entry.elements)
        if len(parts) <= entry.elements:
            raise ValueError(f"{tag.name} has {len(parts) - 1} strings instead of {entry.elements}")
        parts.pop()
        return parts

    def _decoded(self, tag: Tag, start: int, end: int) -> str:
        """Replacing what is no UTF-8 takes its time, and is done for what may be a slip and not for megabytes of it."""
        data = self._data[start:end]
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as exc:
            if len(data) > self._longest:
                raise ValueError(f"{tag.name} has {len(data)} bytes that are no UTF-8") from exc
            return decode_utf8(data)

    def count(self, tag: Tag) -> int:
        """How many elements a tag has."""
        entry = self._entries.get(tag)
        return entry.elements if entry else 0

    def numbers(self, tag: Tag) -> tuple[int, ...]:
        """An array of signed integers of 32 bits."""
        entry = self._entry(tag, _INT32)
        if entry is None:
            return ()
        if entry.offset + 4 * entry.elements > self._end:
            raise ValueError(f"{tag.name} has {entry.elements} numbers and no room for them")
        return Struct(f">{entry.elements}i").unpack_from(self._data, entry.offset)

    def octets(self, tag: Tag) -> bytes:
        """A binary value."""
        entry = self._entry(tag, _BINARY)
        if entry is None:
            return b""
        if entry.offset + entry.elements > self._end:
            raise ValueError(f"{tag.name} has {entry.elements} bytes and no room for them")
        return self._data[entry.offset : entry.offset + entry.elements]

    def _entry(self, tag: Tag, *types: int) -> _Entry | None:
        """Rule 4."""
        entry = self._entries.get(tag)
        if entry is not None and entry.type not in types:
            raise ValueError(f"{tag.name} has the type {entry.type}")
        return entry


def header_bytes(start: bytes) -> int:
    """How long a header is, by its first eight bytes."""
    count, length = _LENGTHS.unpack_from(start)
    return _LENGTHS.size + int(count) * _ENTRY.size + int(length)


def parse_header(data: bytes, *, limits: Limits) -> Header:
    """The header that `data` begins with.

    Raises:
        ValueError: it breaks rule 1 or 2.
    """
    if len(data) < _LENGTHS.size:
        raise ValueError(f"a header of {len(data)} bytes")
    count, length = _LENGTHS.unpack_from(data)
    begin = _LENGTHS.size + count * _ENTRY.size
    end = begin + length
    if not 0 < count <= _MOST_ENTRIES or end > min(limits.rpm_header_bytes, len(data)):
        raise ValueError(f"a header of {count} entries and {length} bytes of data in {len(data)} bytes")
    entries: dict[int, _Entry] = {}
    offsets: set[int] = set()
    for tag, kind, offset, elements in _ENTRY.iter_unpack(data[_LENGTHS.size : begin]):
        if kind > _LOCALISED or not 0 <= offset <= length:
            raise ValueError(f"tag {tag} has the type {kind} and the offset {offset} in {length} bytes")
        offsets.add(begin + offset)
        if tag in _TAGS:
            entries[tag] = _Entry(kind, begin + offset, elements)
    _check_region(data, begin, end)
    return Header(data, entries, offsets=offsets, end=end, longest=limits.field_bytes)


def _check_region(data: bytes, begin: int, end: int) -> None:
    """Rule 2: the trailer, where the first entry is a region; at offset 0 stands one without a trailer."""
    tag, kind, offset, count = _ENTRY.unpack_from(data, _LENGTHS.size)
    if tag not in _REGIONS or offset == 0:
        return
    if (kind, count) != (_BINARY, _ENTRY.size) or begin + offset + _ENTRY.size > end:
        raise ValueError("a region without a trailer")
    trailer, kind, length, count = _ENTRY.unpack_from(data, begin + offset)
    fits = length < 0 and -length % _ENTRY.size == 0 and -length <= begin - _LENGTHS.size
    if trailer not in _REGIONS or (kind, count, fits) != (_BINARY, _ENTRY.size, True):
        raise ValueError("a region with a trailer that does not fit")
