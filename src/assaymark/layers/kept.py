"""The files that a harvest keeps: small ones in memory, the others in one private temporary file.

Memory is bounded for the whole layer (`Limits.wanted_bytes`), not only for a file, because layers are read in
parallel. The temporary file has no name, so nothing is left behind however the process ends (CVE-2026-33481).
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from assaymark.errors import LimitError
from assaymark.limits import Limits
from assaymark.safeio.files import local_error, private_temporary
from assaymark.safeio.readers import read_bounded


class KeptFile(Protocol):
    """A regular file that some analyser wants; the inventory's `File`."""

    @property
    def path(self) -> str:
        """Below the root."""
        ...

    @property
    def mode(self) -> int:
        """Permission bits."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def open(self) -> BinaryIO:
        """A fresh seekable stream."""
        ...

    def read(self, limit: int | None = None) -> bytes:
        """The content, at most `limit` bytes."""
        ...


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a layer: its content is in memory (`data`), or a region of the temporary file (`spill`, `offset`)."""

    path: str
    mode: int
    size: int
    limits: Limits
    data: bytes | None = None
    spill: BinaryIO | None = None
    offset: int = 0

    def open(self) -> BinaryIO:
        """A fresh seekable stream, usable until the harvest is closed."""
        if self.spill is None:
            return io.BytesIO(self.data or b"")
        return io.BufferedReader(_Region(self.spill.fileno(), self.offset, self.size))

    def read(self, limit: int | None = None) -> bytes:
        """The content.

        Raises:
            LimitError: it is longer than `limit` (`Limits.parsed_file_bytes` without one).
        """
        limit = self.limits.parsed_file_bytes if limit is None else limit
        if self.data is not None and self.size <= limit:
            return self.data
        with self.open() as stream:
            return read_bounded(stream, limit=limit, what=self.path)

    def renamed(self, path: str) -> StoredFile:
        """The same content under the path of a link to it."""
        return msgspec.structs.replace(self, path=path)


class Storage:
    """Where one layer's kept content goes."""

    def __init__(self, *, limits: Limits, folder: Path | None) -> None:
        self._limits = limits
        self._folder = folder
        self._in_memory = 0
        self._spill: BinaryIO | None = None
        self._spilled = 0

    def keep(self, path: str, mode: int, size: int, content: Iterable[bytes]) -> StoredFile:
        """Take in a file's content.

        Raises:
            LimitError: the layer's kept files are too large together.
            LocalError: the temporary folder cannot be written.
        """
        if size <= self._limits.memory_file_bytes and self._in_memory + size <= self._limits.wanted_bytes:
            self._in_memory += size
            return StoredFile(path, mode, size, self._limits, data=b"".join(content))
        if self._spilled + size > self._limits.spilled_bytes:
            raise LimitError(f"the files to analyse are larger than {self._limits.spilled_bytes} bytes together")
        if self._spill is None:
            self._spill = private_temporary(self._folder)
        offset = self._spilled
        self._write(self._spill.fileno(), content)
        return StoredFile(path, mode, size, self._limits, spill=self._spill, offset=offset)

    def give_back(self, file: StoredFile) -> None:
        """Take back the room of the file that was kept last and is not wanted after all."""
        if file.spill is None:
            self._in_memory -= file.size
        else:
            self._spilled = file.offset

    def close(self) -> None:
        """Give the temporary file back."""
        if self._spill is not None:
            self._spill.close()

    def _write(self, descriptor: int, content: Iterable[bytes]) -> None:
        try:
            for piece in content:
                view = memoryview(piece)
                while view:
                    written = os.pwrite(descriptor, view, self._spilled)
                    self._spilled += written
                    view = view[written:]
        except OSError as exc:
            raise local_error("write a temporary file in", self._folder or Path(tempfile.gettempdir()), exc) from exc


class _Region(io.RawIOBase):
    """A part of a file, with a position of its own."""

    def __init__(self, descriptor: int, offset: int, size: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._offset = offset
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        wanted = max(0, min(len(buffer), self._size - self._position))
        count = os.preadv(self._descriptor, [memoryview(buffer)[:wanted]], self._offset + self._position)
        self._position += count
        return count
