"""A server of one gRPC call on a unix socket, frame by frame; what it does is said by the test."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
END_STREAM, ACK, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def success(reply: bytes) -> bytes:
    """What a server sends for a reply: settings, a ping, the header, the data padded and in two frames, the trailers."""
    message = struct.pack(">BI", 0, len(reply)) + reply
    half = min(len(message) // 2, 1000)
    return b"".join(
        (
            frame(SETTINGS, 0, 0, b"\x00\x05\x00\x00\x40\x00"),
            frame(PING, 0, 0, b"12345678"),
            frame(HEADERS, END_HEADERS, 1, b"\x88"),
            frame(DATA, PADDED, 1, b"\x03" + message[:half] + bytes(3)),
            *(frame(DATA, 0, 1, message[at : at + 16_000]) for at in range(half, len(message), 16_000)),
            frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x00"),
        )
    )


FAILURE = frame(SETTINGS, 0, 0, b"") + frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x88")


class Agent:
    """Answers one call.

    Attributes:
        head: the header block that came.
        message: the message that came.
        acknowledged: the kinds of frames that were acknowledged.
    """

    def __init__(
        self, path: Path, reply: bytes | None = b"", *, raw: bytes | None = None, hangs_up: bool = False
    ) -> None:
        self.path = path
        self.head = b""
        self.message = b""
        self.acknowledged: list[int] = []
        self._answer = raw if raw is not None else FAILURE if reply is None else success(reply)
        self._hangs_up = hangs_up
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._socket.bind(str(self.path))
        self._socket.listen()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._thread.join(10)

    def _serve(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        with connection, connection.makefile("rb") as stream:
            assert stream.read(len(PREFACE)) == PREFACE
            while not self.message:
                self._take(stream.read(9), stream)
            connection.sendall(self._answer)
            if self._hangs_up:
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):  # the client has heard enough
                while head := stream.read(9):
                    self._take(head, stream)

    def _take(self, head: bytes, stream: object) -> None:
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        payload = stream.read(length)  # type: ignore[attr-defined]  # a reader of bytes
        if kind == HEADERS:
            self.head = payload
        elif kind == DATA:
            self.message = payload[5:]
        elif flags & ACK:
            self.acknowledged.append(kind)
