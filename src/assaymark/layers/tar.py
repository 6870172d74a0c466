"""A streaming tar reader: headers as values, content only for who asks.

Reads: ustar and pax (POSIX.1-2017 `pax`), GNU tar (long names and links, base-256 numbers, sparse files of every
format), V7. Where these leave a choice it is made as in Go's `archive/tar`, which container engines and the reference
use:

1. Two zero blocks or the end of the stream end the archive; what follows is read (it is part of the diff_id) and
   means nothing. A lone zero block before a header is an error.
2. A pax header replaces an earlier one that had no member; a GNU long name outranks a pax path.
3. Global pax headers are checked and not applied: no engine does.
4. Links, directories and devices have no content, whatever their size says.
5. Missing padding at the end of the stream is tolerated, missing content is not.

Every count, name and record is bounded before it is read. The stream comes in chunks, and content that nobody asks for
is skipped by arithmetic on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.layers.sparse import Sparse, expand, from_pax, old_gnu
from assaymark.limits import Limits
from assaymark.safeio.tarheader import (
    BLOCK,
    KINDS,
    WITHOUT_CONTENT,
    ZERO_BLOCK,
    Kind,
    decimal,
    header_fields,
    parse_mode,
    pax_records,
)
from assaymark.safeio.text import decode_utf8

_EXTENSIONS: Final = frozenset({b"x", b"X", b"g", b"L", b"K"})
_LONG: Final = frozenset({b"L", b"K"})


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One member: its name as written, what it is, permission bits, size, and where a link leads."""

    name: str
    kind: Kind
    mode: int
    size: int
    target: str = ""


class _Pending(msgspec.Struct):
    """What extension headers said about the next member."""

    records: dict[bytes, bytes] = {}
    long_name: bytes = b""
    long_link: bytes = b""


class TarReader:
    """The members of one tar stream, front to back.

    Iterate over it; between two members `content` may be read, wholly, partly or not at all.
    """

    def __init__(self, chunks: Iterator[bytes], *, limits: Limits, what: str) -> None:
        self._chunks = chunks
        self._limits = limits
        self._what = what
        self._data = b""
        self._position = 0
        self._left = 0  # of the current member's stored content
        self._padding = 0
        self._sparse: Sparse | None = None
        self._entries = 0

    def __iter__(self) -> Iterator[Entry]:
        """Every member.

        Raises:
            ArtifactError: the stream is no tar, or ends early.
            LimitError: it has too many members, or a name or record that is too long.
        """
        pending: _Pending | None = None
        while (block := self._next_header()) is not None:
            try:
                name, mode, size, type_, link = header_fields(block)
                if type_ in _EXTENSIONS:
                    pending = self._extension(type_, size, pending or _Pending())
                    continue
                if pending is None and type_ != b"S":
                    self._expect(type_, size)
                    entry = _entry(name, mode, size, type_, link.partition(b"\0")[0])
                else:
                    entry = self._extended(block, pending or _Pending())
                    pending = None
            except ValueError as exc:
                raise self._malformed(str(exc)) from exc
            yield entry

    def content(self) -> Iterator[bytes]:
        """The content of the current member in pieces; the holes of a sparse one are zeros.

        Raises:
            ArtifactError: the stream ends before the content does.
        """
        if self._sparse is None:
            return self._stored(self._left)
        return expand(self._sparse, self._stored)

    def _next_header(self) -> bytes | None:
        self._entries += 1
        if self._entries > self._limits.tar_entries:
            raise LimitError(f"layer `{self._what}` has more than {self._limits.tar_entries} members")
        self._skip_rest()
        block = self._block()
        if block == ZERO_BLOCK:
            block = self._block()
            if block is not None and block != ZERO_BLOCK:
                raise self._malformed("a member follows the end of the archive")
            block = None
        if block is None:
            for _ in self._chunks:  # the rest belongs to the diff_id
                pass
        return block

    def _expect(self, type_: bytes, size: int) -> None:
        """Remember how much content follows the header."""
        self._sparse = None
        if type_ in WITHOUT_CONTENT:
            self._left = self._padding = 0
        else:
            self._left, self._padding = size, -size % BLOCK

    def _extension(self, type_: bytes, size: int, pending: _Pending) -> _Pending:
        """Take in an extension header: `x` and `X` pax records, `g` global ones, `L` and `K` long name and link."""
        limit = self._limits.tar_name_bytes if type_ in _LONG else self._limits.tar_pax_bytes
        if size > limit:
            raise LimitError(f"layer `{self._what}` has an extension header of {size} bytes")
        self._expect(type_, size)
        data = b"".join(self._stored(size))
        if type_ == b"L":
            pending.long_name = data.partition(b"\0")[0]
        elif type_ == b"K":
            pending.long_link = data.partition(b"\0")[0]
        else:
            records = pax_records(data)
            if type_ != b"g":
                pending.records = records
        return pending

    def _extended(self, block: bytes, pending: _Pending) -> Entry:
        """A member with pax records, GNU long names, or holes."""
        name, mode, size, type_, link = header_fields(block)
        records = pending.records
        if records.get(b"size"):
            size = decimal(records[b"size"])
        name = pending.long_name or records.get(b"GNU.sparse.name") or records.get(b"path") or name
        link = pending.long_link or records.get(b"linkpath") or link.partition(b"\0")[0]
        if max(len(name), len(link)) > self._limits.tar_name_bytes:
            raise LimitError(f"layer `{self._what}` has a name of {max(len(name), len(link))} bytes")
        self._expect(type_, size)
        sparse = self._sparse_map(block, type_, records)
        self._sparse = sparse
        if sparse is not None and sparse.stored != self._left:
            raise ValueError("a sparse map does not fit the content")
        return _entry(name, mode, size if sparse is None else sparse.size, type_, link)

    def _sparse_map(self, block: bytes, type_: bytes, records: dict[bytes, bytes]) -> Sparse | None:
        most = self._limits.tar_sparse_segments
        if type_ == b"S":
            return old_gnu(block, self._required_block, most=most)
        if KINDS.get(type_) is not Kind.FILE:
            return None
        found = from_pax(records, self._content_block, most=most)
        return None if found is None else found[0]

    def _content_block(self) -> bytes:
        """A block of the member's own content."""
        if self._left < BLOCK:
            raise ValueError("a sparse map does not fit the content")
        self._left -= BLOCK
        return self._required_block()

    def _required_block(self) -> bytes:
        block = self._block()
        if block is None:
            raise self._early_end()
        return block

    def _block(self) -> bytes | None:
        """The next 512 bytes; None at the end of the stream."""
        start = self._position
        self._position = start + BLOCK
        block = self._data[start : self._position]
        while len(block) < BLOCK:
            self._data = next(self._chunks, b"")
            if not self._data:
                if block:
                    raise self._early_end()
                self._position = 0
                return None
            self._position = BLOCK - len(block)
            block += self._data[: self._position]
        return block

    def _skip_rest(self) -> None:
        """Pass over what is left of the current member."""
        self._position += self._left
        while self._position > len(self._data):
            self._position -= len(self._data)
            self._data = next(self._chunks, b"")
            if not self._data:
                raise self._early_end()
        self._left = 0
        self._position += self._padding
        while self._position > len(self._data):
            self._position -= len(self._data)
            self._data = next(self._chunks, b"")
            if not self._data:
                self._position = 0
        self._padding = 0

    def _stored(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes of the current member's stored content."""
        while size > 0:
            piece = self._data[self._position : self._position + size]
            if piece:
                self._position += len(piece)
                self._left -= len(piece)
                size -= len(piece)
                yield piece
            else:
                self._position = 0
                self._data = next(self._chunks, b"")
                if not self._data:
                    raise self._early_end()

    def _early_end(self) -> ArtifactError:
        return self._malformed("it ends in the middle of a member")

    def _malformed(self, why: str) -> ArtifactError:
        return ArtifactError(f"layer `{self._what}` is not a valid tar archive: {why}", reason="LAYER_MALFORMED")


def _entry(name: bytes, mode: bytes, size: int, type_: bytes, link: bytes) -> Entry:
    kind = KINDS.get(type_, Kind.SPECIAL)
    if kind is Kind.FILE and type_ == b"\0" and name.endswith(b"/"):  # V7 had no type for directories
        kind = Kind.FOLDER
    return Entry(decode_utf8(name), kind, parse_mode(mode), size, decode_utf8(link) if link else "")
