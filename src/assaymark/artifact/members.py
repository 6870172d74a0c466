"""Image archives: a tar on disk, plain or as one gzip stream, whose members are read where they lie.

Rules:
    1. A plain tar is indexed in one pass and never copied; several members can be read at once.
    2. A gzip stream, a pipe and what a container engine exports go to a private temporary file first, bounded.
    3. Links between members are followed inside the archive (`podman save` and old `docker save` use them).
    4. What was read from a regular file is remembered by its device, inode, size and both times; nothing else is.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join
from threading import Lock
from typing import Any, BinaryIO, Final, cast

from assaymark.errors import ArtifactError
from assaymark.limits import MIB, Limits
from assaymark.model.digest import DiffId, Digest
from assaymark.safeio.files import local_error, private_temporary
from assaymark.safeio.paths import clean_path
from assaymark.safeio.readers import BoundedReader, read_bounded
from assaymark.safeio.tarheader import Kind
from assaymark.safeio.tarindex import Member, read_tar_index

CHUNK: Final = 1 * MIB
GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"


class Archive:
    """The members of an uncompressed tar.

    Args:
        stream: the tar, seekable; it stays open as long as the archive is used.
        name: for messages.
        identity: names these bytes for caches; empty where nothing does.
        limits: bounds on the index.

    Raises:
        ArtifactError: not a tar.
    """

    def __init__(self, stream: BinaryIO, *, name: str, identity: str, limits: Limits) -> None:
        self._stream = stream
        self._name = name
        self._identity = identity
        self._limits = limits
        self._members = read_tar_index(stream, limits=limits, what=f"`{name}`")

    @property
    def name(self) -> str:
        """The archive's path."""
        return self._name

    def close(self) -> None:
        """Close the stream, for who owns it no longer."""
        self._stream.close()

    def find(self, name: str) -> Member | None:
        """The file that `name` leads to, links followed; None where there is none."""
        for _ in range(self._limits.link_hops):
            member = self._members.get(clean_path(name) or "")
            if member is None or member.kind in (Kind.FOLDER, Kind.SPECIAL):
                return None
            if member.kind is Kind.FILE:
                return member
            symbolic = member.kind is Kind.SYMLINK
            name = join(dirname(member.name), member.target) if symbolic else member.target
        return None

    def member(self, name: str) -> Member:
        """The file that `name` leads to.

        Raises:
            ArtifactError: there is none.
        """
        member = self.find(name)
        if member is None:
            raise ArtifactError(f"`{self._name}` has no `{name[:200]}`")
        return member

    def exists(self, file: str) -> bool:
        """Whether there is a file of that name."""
        return self.find(file) is not None

    def open(self, file: str) -> io.BufferedReader:
        """The bytes of the file of that name."""
        return self.open_member(self.member(file))

    def open_member(self, member: Member) -> io.BufferedReader:
        """A member's bytes; each caller has a position of its own."""
        return io.BufferedReader(_Slice(self._stream.fileno(), member, self._name), CHUNK)

    def read(self, file: str, *, limit: int) -> bytes:
        """A small file's bytes."""
        with self.open(file) as stream:
            return read_bounded(stream, limit=limit, what=f"{self._name}: {file}")

    def identity_of(self, member: Member) -> str:
        """A name for the member's bytes; empty where nothing names them."""
        return f"{self._identity}:{member.offset}" if self._identity else ""


class MemberLayer:
    """A layer that is a member of an archive.

    A compressed member has a digest, which nothing states and so is computed; an uncompressed one has none, as its
    bytes are those of the diff_id.
    """

    def __init__(self, archive: Archive, member: Member, *, diff_id: DiffId) -> None:
        self._archive = archive
        self._member = member
        self._lock = Lock()
        self.diff_id = diff_id
        self.size: int | None = member.size
        self.cache_identity = archive.identity_of(member)

    @property
    def digest(self) -> Digest | None:
        """The digest of a compressed member's bytes."""
        with self._lock:
            return self._digest

    def open(self) -> io.BufferedReader:
        """The stored bytes."""
        return self._archive.open_member(self._member)

    @cached_property
    def _digest(self) -> Digest | None:
        with self.open() as stream:
            if not stream.peek(4).startswith((GZIP_MAGIC, ZSTD_MAGIC)):
                return None
            hashed = sha256()
            while chunk := stream.read(CHUNK):
                hashed.update(chunk)
        return Digest(f"sha256:{hashed.hexdigest()}")


@contextmanager
def open_archive(path: Path, *, scratch: Path | None, limits: Limits, maximum: int = 0) -> Iterator[Archive]:
    """The archive at `path`.

    Args:
        path: a tar, a tar.gz, or a pipe that gives one.
        scratch: where a decompressed copy may lie.
        limits: bounds on members and on the copy.
        maximum: the largest image that is wanted (`--max-image-size`); 0 for any.

    Raises:
        ArtifactError: not a tar.
        LocalError: there is no such file, or it cannot be read.
    """
    try:
        stream = path.open("rb")
    except OSError as exc:
        raise local_error("read", path, exc) from exc
    with stream:
        status = os.fstat(stream.fileno())
        regular = stat.S_ISREG(status.st_mode)
        most = min(limits.image_uncompressed_bytes, maximum + 64 * MIB) if maximum else limits.image_uncompressed_bytes
        copied = _copy_if_needed(stream, scratch=scratch, limit=most, name=str(path), seekable=regular)
        with copied or stream:
            identity = _identity(status) if regular else ""
            yield Archive(copied or stream, name=str(path), identity=identity, limits=limits)


def spool(write: Callable[[BinaryIO], None], *, scratch: Path | None, name: str, limits: Limits) -> Archive:
    """The archive that `write` puts into a private temporary file, which lives as long as the archive."""
    stream = private_temporary(scratch)
    try:
        write(stream)
        stream.flush()
        return Archive(stream, name=name, identity="", limits=limits)
    except BaseException:
        stream.close()
        raise


def _identity(status: os.stat_result) -> str:
    times = f"{status.st_mtime_ns}:{status.st_ctime_ns}"
    return f"file:{status.st_dev}:{status.st_ino}:{status.st_size}:{times}"


def _copy_if_needed(
    stream: io.BufferedReader, *, scratch: Path | None, limit: int, name: str, seekable: bool
) -> BinaryIO | None:
    """A private, uncompressed, seekable copy; None where the stream itself is all of that."""
    magic = stream.peek(4)[:4]
    if magic.startswith(ZSTD_MAGIC):
        raise ArtifactError(f"`{name}` is compressed with zstd", hint="decompress it first: `zstd -d FILE`")
    if not magic.startswith(GZIP_MAGIC):
        return None if seekable else _copy(stream, scratch=scratch, limit=limit, name=name)
    from isal import igzip

    plain: Any = igzip.IGzipFile(fileobj=stream)  # type: ignore[no-untyped-call]  # isal states no types
    with plain:
        return _copy(plain, scratch=scratch, limit=limit, name=name)


def _copy(stream: BinaryIO, *, scratch: Path | None, limit: int, name: str) -> BinaryIO:
    bounded = BoundedReader(stream, limit=limit, what=name)
    copy = private_temporary(scratch)
    try:
        while chunk := _read(bounded, name):
            copy.write(chunk)
        copy.flush()
    except OSError as exc:
        copy.close()
        raise local_error("write a temporary copy of", Path(name), exc) from exc
    except BaseException:
        copy.close()
        raise
    return copy


def _read(stream: BinaryIO, name: str) -> bytes:
    from isal import isal_zlib

    broken = cast("type[Exception]", isal_zlib.error)  # isal's stub calls it an instance
    try:
        return stream.read(CHUNK)
    except (EOFError, OSError, broken) as exc:  # BadGzipFile is an OSError
        raise ArtifactError(f"`{name}` cannot be decompressed: it is damaged or truncated") from exc


class _Slice(io.RawIOBase):
    """Part of a file, read by offset, so that many can be read from one descriptor at once."""

    def __init__(self, descriptor: int, member: Member, name: str) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._position = member.offset
        self._end = member.offset + member.size
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # io.BufferedReader passes a memoryview
        wanted = min(len(buffer), self._end - self._position)
        if wanted == 0:
            return 0
        count = os.preadv(self._descriptor, [memoryview(buffer)[:wanted]], self._position)
        if count == 0:
            raise ArtifactError(f"`{self._name}` became shorter while it was read")
        self._position += count
        return count
