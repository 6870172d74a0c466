"""Reads a blob as a stream that survives a connection that does not.

When a transfer breaks off it is asked for again from the byte that came last (`Range`, RFC 9110 14.2), at most
`retry_tries` times. A server that ignores the range starts again at the front; what came already is skipped, but only
as long as no more than a tenth of the blob is transferred twice. A body that ends where its own header said is not
broken off, however long the descriptor promised it to be: that is for the verification to refuse. The bytes are
verified by a `assaymark.safeio.readers.VerifyingReader` around this stream, so an answer that continues another blob is
found out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import BinaryIO, Final

from assaymark.errors import NetworkError
from assaymark.limits import Limits
from assaymark.net.network import Response, TransferError

_RANGE = re.compile(r"bytes (\d{1,19})-\d{1,19}/(?:\d{1,19}|\*)\Z")
_CHUNK: Final = 64 * 1024

Ask = Callable[[int], Response]
"""Requests the blob from an offset; the status is 200 or 206."""


class ResumingStream(io.RawIOBase, BinaryIO):
    """The bytes of one blob, front to back.

    Attributes:
        tries: how often it was asked for.
        transferred: how many bytes came, those that came twice included.
    """

    def __init__(self, ask: Ask, *, size: int, what: str, limits: Limits) -> None:
        super().__init__()
        self._ask = ask
        self._size = size
        self._what = what
        self._limits = limits
        self._position = 0
        self._response: Response | None = ask(0)
        self.tries = 1
        self.transferred = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Give the connection back."""
        if self._response is not None:
            self._response.close()
        super().close()

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes, at most `size`, none at the end; everything when `size` is negative."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        while True:
            response = self._response or self._again()
            try:
                data = response.read(size)
            except TransferError as exc:
                self._break(exc)
                continue
            if not data and self._position < self._size and not _is_framed(response):
                self._break(TransferError(f"`{self._what}` ended after {self._position} of {self._size} bytes"))
                continue
            self._position += len(data)
            self.transferred += len(data)
            return data

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        """Fill the front of `buffer`; returns how many bytes came."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _break(self, failure: TransferError) -> None:
        if self._response is not None:
            self._response.close()
        self._response = None
        if self.tries >= self._limits.retry_tries:
            raise NetworkError(f"{failure} ({self.tries} tries)") from failure
        self.tries += 1

    def _again(self) -> Response:
        response = self._ask(self._position)
        start = self._start_of(response)
        try:
            self._skip(response, self._position - start)
        except TransferError as exc:
            response.close()
            raise NetworkError(f"{exc} ({self.tries} tries)") from exc
        except BaseException:
            response.close()
            raise
        self._response = response
        return response

    def _start_of(self, response: Response) -> int:
        if response.status != 206:
            return 0
        match = _RANGE.match(response.headers.get("content-range"))
        start = int(match[1]) if match else self._position
        if start > self._position:
            response.close()
            raise NetworkError(f"`{self._what}` was asked for from byte {self._position} and came from byte {start}")
        return start

    def _skip(self, response: Response, count: int) -> None:
        # the budget, for what came, what is skipped and what is still to come
        expected = self.transferred + count + self._size - self._position
        if count and expected > self._size * 11 // 10:
            raise NetworkError(f"`{self._what}` broke off, and its registry cannot continue at byte {self._position}")
        while count > 0:
            data = response.read(min(count, _CHUNK))
            if not data:
                raise TransferError(f"`{self._what}` ended before the byte it broke off at")
            count -= len(data)
            self.transferred += len(data)


def _is_framed(response: Response) -> bool:
    """Whether the end of the body is known, so that a clean end is the server's last word (RFC 9112, 6.3)."""
    return bool(response.headers.get("content-length") or response.headers.get("transfer-encoding"))
