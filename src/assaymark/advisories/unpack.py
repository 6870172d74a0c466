"""The layer of a published database: a gzip stream of a tar with `trivy.db` and `metadata.json`.

Only these two names are looked for, at the top of the archive (`./` is allowed), and only as regular files; everything
else is passed over, and so are the names that manifests suggest (CVE-2021-41130, CVE-2026-24137). Every header's
checksum is verified, nothing is longer than `Limits.database_bytes`, and the whole stream is read to its end, so that
the blob's digest has been verified before anything is used.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from assaymark.advisories.cache import DATABASE_FILE, METADATA_FILE
from assaymark.advisories.page_sums import SumWriter
from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.files import local_error

if TYPE_CHECKING:
    from isal.isal_zlib import Decompress

_BLOCK: Final = 512
_CHUNK: Final = 1 << 20
_GZIP: Final = 31  # window bits: a gzip member with its header and trailer
_REGULAR: Final = frozenset({b"0", b"\0"})
_ENTRIES: Final = 1_000


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: the database's SHA-256 and block checksums, and the metadata's bytes."""

    sha256: str
    sums: bytes
    metadata: bytes


def unpack_database(
    stream: BinaryIO, folder: Path, *, advance: Callable[[int], None], limits: Limits, name: str = DATABASE_FILE
) -> Unpacked:
    """Write the database to `folder`; the metadata is returned.

    Raises:
        ArtifactError: this is no such archive, or it is cut short.
        LimitError: it is larger than `Limits.database_bytes`.
        LocalError: the folder cannot be written.
    """
    source = _Inflated(stream, advance, limits.database_bytes)
    database: tuple[str, bytes] | None = None
    metadata: bytes | None = None
    for _ in range(_ENTRIES):
        header = source.take(_BLOCK)
        if not header.strip(b"\0"):
            break
        found, size, is_file = _parse_header(header)
        if is_file and found == name and database is None:
            database = _write(source, folder / name, size)
        elif is_file and found == METADATA_FILE and metadata is None:
            if size > limits.config_bytes:
                raise LimitError(f"`{METADATA_FILE}` in the database archive has {size} bytes")
            metadata = source.take(size)
        elif is_file and found in {name, METADATA_FILE}:
            raise ArtifactError(f"the database archive holds `{found}` twice")
        else:
            source.skip(size)
        source.skip(-size % _BLOCK)
    if database is None or metadata is None:
        raise ArtifactError(f"the database archive lacks `{name}` or `{METADATA_FILE}`")
    source.drain()
    return Unpacked(sha256=database[0], sums=database[1], metadata=metadata)


def _write(source: _Inflated, path: Path, size: int) -> tuple[str, bytes]:
    digest, sums = hashlib.sha256(), SumWriter()
    try:
        with path.open("xb") as stream:
            while size:
                data = source.take(min(size, _CHUNK))
                stream.write(data)
                digest.update(data)
                sums.update(data)
                size -= len(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as exc:
        raise local_error("write", path, exc) from exc
    return digest.hexdigest(), sums.finish()


def _parse_header(header: bytes) -> tuple[str, int, bool]:
    """Name, size and whether it is a regular file (POSIX ustar; a pax or GNU extension is an entry to pass over)."""
    stated = _octal(header[148:156])
    if stated != sum(header) - sum(header[148:156]) + 8 * 0x20:
        raise ArtifactError("the database archive is no tar file, or is damaged")
    name = header[:100].split(b"\0", 1)[0].decode("utf-8", "replace")
    return name.removeprefix("./"), _octal(header[124:136]), header[156:157] in _REGULAR


def _octal(field: bytes) -> int:
    text = field.split(b"\0", 1)[0].strip()
    with suppress(ValueError):
        if text.isdigit():
            return int(text, 8)
    raise ArtifactError("the database archive is no tar file, or is damaged")


class _Inflated:
    """The bytes of a gzip stream, in exact portions."""

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None], limit: int) -> None:
        self._stream = stream
        self._advance = advance
        self._left = limit
        self._inflater = _new_inflater()
        self._buffer = bytearray()
        self._input = b""

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes.

        Raises:
            ArtifactError: the stream ends before.
        """
        while len(self._buffer) < size:
            if not self._more():
                raise ArtifactError("the database archive ends too early")
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        while size:
            size -= len(self.take(min(size, _CHUNK)))

    def drain(self) -> None:
        """Read to the end of the stream, so that whoever verifies it has seen all of it."""
        while self._more():
            self._buffer.clear()

    def _more(self) -> bool:
        """Inflate some more into the buffer; False at the end."""
        if not self._input:
            self._input = self._stream.read(_CHUNK)
            self._advance(len(self._input))
        is_end = not self._input
        if self._inflater.eof:
            if is_end:
                return False
            self._inflater = _new_inflater()  # a gzip file may have several members
        data = self._inflate()
        if is_end and not data and not self._inflater.eof:
            raise ArtifactError("the database archive ends too early")
        self._left -= len(data)
        if self._left < 0:
            raise LimitError("the database archive is larger than `Limits.database_bytes`")
        self._buffer += data
        return True

    def _inflate(self) -> bytes:
        from isal.igzip_lib import IsalError

        try:
            data = self._inflater.decompress(self._input, _CHUNK)
        except IsalError as exc:  # type: ignore[misc]  # the stubs declare it as a plain name
            raise ArtifactError(f"the database archive is no gzip stream, or is damaged: {exc}") from exc
        self._input = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
        return data


def _new_inflater() -> Decompress:
    from isal import isal_zlib

    return isal_zlib.decompressobj(_GZIP)
