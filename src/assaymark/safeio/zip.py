"""Zip archives (jars, wheels, eggs, nupkgs): the central directory first, then only the members that are asked for.

Reads: APPNOTE.TXT 6.3 (PKWARE), stored and deflated members, zip64, archives behind a script or a program. Rules:

1. The directory is one bounded read from the end of the file; the local headers are only asked where data begins.
2. Every member keeps its place in the directory, also when several have one name: what a second one means is the
   reader's decision.
3. A member that shares bytes with another is refused (the "zip bomb" of 46 MB to 4.5 PB is one piece of data named many
   times; CVE-2024-0450), and so is one that is encrypted, or of a method that Java does not write.
4. A member gives as many bytes as its directory entry promises: one byte more, one less, or another checksum is an
   error. Sizes, ratios and the sum of everything that is inflated are bounded before and while inflating; archives in
   archives share one `ZipBudget`.
"""

from __future__ import annotations

import io
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import MIB, Limits
from assaymark.safeio.files import private_temporary
from assaymark.safeio.readers import CHUNK
from assaymark.safeio.window import Window
from assaymark.safeio.zipdirectory import LOCAL_HEADER, Member, read_directory

_STORED: Final = 0
_DEFLATED: Final = 8
_ENCRYPTED: Final = 0x1
_RATIO_FREE_BYTES: Final = 4 * MIB  # deflate shrinks blank text a thousandfold, and a small bomb is none


class ZipBudget:
    """How many bytes may still be inflated, for an archive and all that it holds together."""

    def __init__(self, limits: Limits) -> None:
        self._left = self._limit = limits.zip_total_bytes

    def take(self, size: int, what: str) -> None:
        """Account for `size` bytes.

        Raises:
            LimitError: that is more than is left.
        """
        self._left -= size
        if self._left < 0:
            raise LimitError(f"`{what[:200]}` unpacks to more than {self._limit} bytes")


class ZipArchive:
    """The members of one archive. Its stream is read at any place and left open."""

    def __init__(self, stream: BinaryIO, *, limits: Limits, budget: ZipBudget | None = None, what: str = "zip") -> None:
        """Read the directory of `stream`, which is seekable.

        Raises:
            ArtifactError: it is no zip archive, or a damaged one.
            LimitError: too many members, or too long names.
        """
        self._stream = stream
        self._limits = limits
        self._budget = budget or ZipBudget(limits)
        self._what = what
        self.members: Final = read_directory(stream, limits=limits, what=what)
        self._starts: list[int] | None = None

    def read(self, member: Member, limit: int | None = None) -> bytes:
        """The content of a member, of at most `limit` bytes (`Limits.zip_member_bytes` without one).

        Raises:
            ArtifactError: it is damaged, encrypted, shares bytes with others, or is packed in an unknown way.
            LimitError: it is too long.
        """
        return b"".join(self.chunks(member, limit))

    @contextmanager
    def open(self, member: Member, *, scratch: Path | None = None) -> Iterator[BinaryIO]:
        """The content of a member as a seekable stream: in place, in memory, or in a private temporary file.

        A stored member is not copied, and so its checksum is not looked at.

        Raises:
            ArtifactError, LimitError: as `read` does.
            LocalError: there is no room for the temporary file.
        """
        if member.method == _STORED:
            yield Window(self._stream, self._content_start(member, self._limits.zip_member_bytes), member.size)
            return
        in_memory = member.size <= self._limits.memory_file_bytes
        with io.BytesIO() if in_memory else private_temporary(scratch) as stream:
            for chunk in self.chunks(member):
                stream.write(chunk)
            stream.seek(0)
            yield stream

    def chunks(self, member: Member, limit: int | None = None) -> Iterator[bytes]:
        """The content of a member, piece by piece; errors as `read` raises them."""
        start = self._content_start(member, self._limits.zip_member_bytes if limit is None else limit)
        packed = self._packed(start, member)
        checksum, size = 0, 0
        for chunk in _inflated(packed, member.size) if member.method == _DEFLATED else packed:
            size += len(chunk)
            if size > member.size:
                raise ArtifactError(f"`{member.name[:200]}` unpacks to more than the {member.size} bytes it promises")
            self._budget.take(len(chunk), self._what)
            checksum = zlib.crc32(chunk, checksum)
            yield chunk
        if size != member.size or checksum != member.crc:
            raise ArtifactError(f"`{member.name[:200]}` is damaged: its checksum or its size differs")

    def _packed(self, start: int, member: Member) -> Iterator[bytes]:
        self._stream.seek(start)
        left = member.packed
        while left > 0:
            data = self._stream.read(min(CHUNK, left))
            if not data:
                raise ArtifactError(f"`{member.name[:200]}` reaches beyond the end of the archive")
            left -= len(data)
            yield data

    def _content_start(self, member: Member, limit: int) -> int:
        """Where the content begins, after everything that can be known of a member before it is read."""
        name = member.name[:200]
        if member.flags & _ENCRYPTED:
            raise ArtifactError(f"`{name}` is encrypted")
        if member.method not in (_STORED, _DEFLATED) or (member.method == _STORED and member.packed != member.size):
            raise ArtifactError(f"`{name}` is packed in a way that is not read")
        if member.size > limit:
            raise LimitError(f"`{name}` has {member.size} bytes, more than the {limit} that are read")
        if member.size > max(_RATIO_FREE_BYTES, member.packed * self._limits.zip_ratio):
            raise LimitError(f"`{name}` unpacks to more than {self._limits.zip_ratio} times its size")
        self._stream.seek(member.offset)
        header = self._stream.read(LOCAL_HEADER.size)
        if len(header) < LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
            raise ArtifactError(f"`{name}` is not where the archive says")
        *_, name_length, extra_length = LOCAL_HEADER.unpack(header)
        start = member.offset + LOCAL_HEADER.size + int(name_length) + int(extra_length)
        if self._shares_bytes(member, start + member.packed):
            raise ArtifactError(f"`{name}` shares bytes with another member")
        return start

    def _shares_bytes(self, member: Member, end: int) -> bool:
        """Rule 3: whether another member begins before this one ends."""
        if self._starts is None:
            self._starts = sorted(each.offset for each in self.members)
        place = bisect_left(self._starts, member.offset)
        return place + 1 < len(self._starts) and self._starts[place + 1] < end


def _inflated(packed: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Raw deflate; stops soon after `size` bytes, however many would follow."""
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    given = 0
    try:
        for piece in packed:
            data = piece
            while data and not machine.eof and given <= size:
                chunk = machine.decompress(data, CHUNK)
                data = machine.unconsumed_tail
                given += len(chunk)
                if chunk:
                    yield chunk
        while not machine.eof and given <= size and (chunk := machine.decompress(b"", CHUNK)):
            given += len(chunk)
            yield chunk
    except zlib.error as exc:
        raise ArtifactError(f"packed data is damaged: {exc}") from exc
