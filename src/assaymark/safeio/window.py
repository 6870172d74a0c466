"""A part of a seekable stream as a stream of its own, without a copy: archives that are stored in archives."""

from __future__ import annotations

import io
import os
from typing import BinaryIO


class Window(io.RawIOBase, BinaryIO):
    """The `size` bytes of `stream` from `start` on; the stream stays its owner's, who may read it in between."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._stream = stream
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position, counted from the window's start."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a position of the window."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError("a position in front of the window")
        self._position = origin + offset
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; all that is left when it is negative."""
        left = max(0, self._size - self._position)
        wanted = left if size < 0 else min(size, left)
        if not wanted:
            return b""
        self._stream.seek(self._start + self._position)
        data = self._stream.read(wanted)
        self._position += len(data)
        return data

    def readall(self) -> bytes:
        """All that is left."""
        return self.read()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        """Fill the front of `buffer`; returns how many bytes came."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)
