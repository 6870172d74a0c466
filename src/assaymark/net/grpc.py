"""One unary gRPC call over a unix socket (gRPC over HTTP/2; RFC 9113, RFC 7541): as much as the SPIFFE agent needs.

There is one stream, one small request and one small reply, so no flow control is needed: a reply that does not fit into
the window that every connection begins with (64 KiB) is refused. Header fields are written as literals without Huffman
codes or tables, which every server must read; those of the reply are not read, because a reply that holds a whole
message is a success and one without is not.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from assaymark.errors import NetworkError

WINDOW: Final = 65_535
"""The most that a reply can hold, with its frame."""

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
_END_STREAM, _ACK, _END_HEADERS, _PADDED = 0x1, 0x1, 0x4, 0x8
_FRAME_BYTES: Final = 16_384  # the largest frame before anybody agrees on more
_FRAMES: Final = 1_000
_STREAM: Final = 1


def call_unary(
    path: Path,
    method: str,
    message: bytes,
    *,
    metadata: Sequence[tuple[str, str]] = (),
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """The reply to `message`.

    Args:
        path: the socket.
        method: `/package.Service/Method`.
        message: encoded already.
        metadata: fields in lower case.
        seconds: for all of it.
        clock: monotonic seconds.

    Raises:
        NetworkError: nobody listens, the call failed, or the answer is no gRPC.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        call = _Call(connection, str(path), deadline=clock() + seconds, clock=clock)
        try:
            connection.settimeout(seconds)
            connection.connect(str(path))
            connection.sendall(_request(method, message, metadata))
            return _message(call.reply(), str(path))
        except TimeoutError as exc:
            raise NetworkError(f"`{path}` did not answer within {seconds:g} seconds") from exc
        except OSError as exc:
            raise NetworkError(f"cannot reach `{path}`: {(exc.strerror or str(exc)).lower()}") from exc


class _Call:
    def __init__(self, connection: socket.socket, name: str, *, deadline: float, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._name = name
        self._deadline = deadline
        self._clock = clock

    def reply(self) -> bytes:
        """The data of the one stream."""
        data = b""
        for _ in range(_FRAMES):
            kind, flags, stream, payload = self._frame()
            if kind == _SETTINGS and not flags & _ACK:
                self._connection.sendall(_frame(_SETTINGS, _ACK, 0, b""))
            elif kind == _PING and not flags & _ACK:
                self._connection.sendall(_frame(_PING, _ACK, 0, payload))
            elif kind in (_RST_STREAM, _GOAWAY):
                raise NetworkError(f"`{self._name}` broke the call off")
            elif kind == _DATA and stream == _STREAM:
                data += _unpadded(payload) if flags & _PADDED else payload
            if kind in (_DATA, _HEADERS) and stream == _STREAM and flags & _END_STREAM:
                return data
            if len(data) > WINDOW:
                break
        raise NetworkError(f"`{self._name}` answers without end")

    def _frame(self) -> tuple[int, int, int, bytes]:
        high, low, kind, flags, stream = struct.unpack(">BHBBI", self._exactly(9))
        length = high << 16 | low
        if length > _FRAME_BYTES:
            raise NetworkError(f"`{self._name}` does not speak gRPC")
        return kind, flags, stream & 0x7FFFFFFF, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            left = self._deadline - self._clock()
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left)
            more = self._connection.recv(count - len(data))
            if not more:
                raise NetworkError(f"`{self._name}` does not speak gRPC, or broke off")
            data += more
        return data


def _request(method: str, message: bytes, metadata: Sequence[tuple[str, str]]) -> bytes:
    fields = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        *metadata,
    )
    head = b"".join(b"\x00" + _literal(name) + _literal(value) for name, value in fields)
    body = struct.pack(">BI", 0, len(message)) + message
    return b"".join(
        (
            _PREFACE,
            _frame(_SETTINGS, 0, 0, b""),
            _frame(_HEADERS, _END_HEADERS, _STREAM, head),
            _frame(_DATA, _END_STREAM, _STREAM, body),
        )
    )


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">BHBBI", len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload


def _literal(text: str) -> bytes:
    """A string without Huffman codes: its length as an integer with a prefix of 7 bits (RFC 7541, section 5.1)."""
    data = text.encode("ascii")
    if len(data) < 127:
        return bytes([len(data)]) + data
    rest, length = len(data) - 127, b"\x7f"
    while rest >= 128:
        length += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return length + bytes([rest]) + data


def _unpadded(payload: bytes) -> bytes:
    if not payload or payload[0] >= len(payload):
        raise NetworkError("a padded frame is malformed")
    return payload[1 : len(payload) - payload[0]]


def _message(data: bytes, name: str) -> bytes:
    if not data:
        raise NetworkError(f"`{name}` refused the call")
    if len(data) < 5 or data[0] != 0 or len(data) != 5 + int.from_bytes(data[1:5], "big"):
        raise NetworkError(f"`{name}` gave an answer that is not one uncompressed message")
    return data[5:]
