"""Streams that end in an error rather than in too many or in wrong bytes.

A `BoundedReader` gives at most its limit. A `VerifyingReader` cannot be read to its end without being verified: when
the promised size is reached it asks for one byte more and compares the digest *before* it hands out the last bytes, so
even a consumer that stops at the size has verified content. Neither closes the stream it reads; that is its owner's
work.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import BinaryIO, Final

from assaymark.errors import DigestMismatchError, LimitError
from assaymark.model.digest import hasher

CHUNK: Final = 256 * 1024


class _Reader(ABC, io.RawIOBase, BinaryIO):
    """A readable stream made of one method, `_take`."""

    def readable(self) -> bool:
        return True

    @abstractmethod
    def _take(self, size: int) -> bytes:
        """Up to `size` bytes, none at the end."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; all that is left when it is negative."""
        if size >= 0:
            return self._take(size) if size else b""
        return b"".join(iter(lambda: self._take(CHUNK), b""))

    def readall(self) -> bytes:
        """All that is left."""
        return self.read()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        """Fill the front of `buffer`; returns how many bytes came."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


class BoundedReader(_Reader):
    """At most `limit` bytes of `stream`."""

    def __init__(self, stream: BinaryIO, *, limit: int, what: str) -> None:
        super().__init__()
        self._stream = stream
        self._left = limit
        self._limit = limit
        self._what = what

    def _take(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            self._left = 0
            raise LimitError(f"`{self._what}` is longer than {self._limit} bytes")
        return data


class VerifyingReader(_Reader):
    """The bytes of `stream`, which must have `digest` and, where it is known, `size`.

    Attributes:
        verified: whether the end was reached and everything was as promised.
    """

    def __init__(self, stream: BinaryIO, *, digest: str, size: int | None, what: str) -> None:
        super().__init__()
        self._stream = stream
        self._hash = hasher(digest)
        self._digest = digest
        self._size = size
        self._what = what
        self._position = 0
        self.verified = False

    def _take(self, size: int) -> bytes:
        if self.verified:
            return b""
        data = self._stream.read(size if self._size is None else max(1, min(size, self._size - self._position)))
        self._position += len(data)
        self._hash.update(data)
        if self._size is not None and self._position > self._size:
            raise DigestMismatchError(f"`{self._what}` is longer than the {self._size} bytes that were promised")
        if not data:
            self._verify()
        elif self._position == self._size:
            self._expect_end()
        return data

    def _expect_end(self) -> None:
        if self._stream.read(1):
            raise DigestMismatchError(f"`{self._what}` is longer than the {self._size} bytes that were promised")
        self._verify()

    def _verify(self) -> None:
        if self._size is not None and self._position != self._size:
            raise DigestMismatchError(
                f"`{self._what}` ends after {self._position} of the {self._size} bytes that were promised"
            )
        actual = f"{self._digest.partition(':')[0]}:{self._hash.hexdigest()}"
        if actual != self._digest:
            raise DigestMismatchError(f"`{self._what}` has digest `{actual}` instead of `{self._digest}`")
        self.verified = True


def read_bounded(stream: BinaryIO, *, limit: int, what: str) -> bytes:
    """All of `stream`.

    Raises:
        LimitError: there are more than `limit` bytes; no more than one byte beyond it was read.
    """
    return BoundedReader(stream, limit=limit, what=what).read()
