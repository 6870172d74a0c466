"""One gRPC call over a unix socket: frames, limits, and servers that are none."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path

import pytest
from tests.support.grpc_agent import (
    ACK,
    DATA,
    END_STREAM,
    FAILURE,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    RST_STREAM,
    SETTINGS,
    Agent,
    frame,
    success,
)

from assaymark.errors import NetworkError
from assaymark.net.grpc import call_unary

METHOD = "/package.Service/Method"


def call(path: Path, message: bytes = b"hello", *, seconds: float = 2.0) -> bytes:
    return call_unary(path, METHOD, message, metadata=(("key", "v" * 200),), seconds=seconds)


@pytest.mark.parametrize("size", [0, 1, 5000, 60_000])
def test_a_reply_comes_back(tmp_path: Path, size: int) -> None:
    reply = b"r" * size
    with Agent(tmp_path / "s", reply) as agent:
        assert call(agent.path) == reply
    assert agent.message == b"hello"
    assert agent.acknowledged == [SETTINGS, PING]


def test_the_header_is_what_every_server_reads(tmp_path: Path) -> None:
    """RFC 7541, 6.2.2: literals without indexing; lengths beyond 126 take more than one byte."""
    with Agent(tmp_path / "s") as agent:
        call(agent.path)
    assert agent.head.startswith(b"\x00\x07:method\x04POST\x00\x07:scheme\x04http\x00\x05:path\x17" + METHOD.encode())
    assert agent.head.endswith(b"\x00\x03key\x7f\x49" + b"v" * 200)


def test_a_length_of_three_bytes(tmp_path: Path) -> None:
    with Agent(tmp_path / "s") as agent:
        call_unary(agent.path, METHOD, b"x", metadata=(("k", "v" * 1000),), seconds=2.0)
    assert agent.head.endswith(b"\x00\x01k\x7f\xe9\x06" + b"v" * 1000)


MESSAGE = struct.pack(">BI", 0, 2) + b"ok"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(FAILURE, "refused the call", id="a status without a message"),
        pytest.param(frame(RST_STREAM, 0, 1, b"\0\0\0\1"), "broke the call off", id="a reset"),
        pytest.param(frame(GOAWAY, 0, 0, bytes(8)), "broke the call off", id="a farewell"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak gRPC", id="another protocol"),
        pytest.param(b"\x00\x00\x05\x00", "does not speak gRPC, or broke off", id="half a frame"),
        pytest.param(frame(DATA, 0, 1, MESSAGE), "broke off", id="a stream without an end"),
        pytest.param(frame(DATA, END_STREAM, 1, MESSAGE[:-1]), "one uncompressed message", id="half a message"),
        pytest.param(frame(DATA, END_STREAM, 1, MESSAGE * 2), "one uncompressed message", id="two messages"),
        pytest.param(
            frame(DATA, END_STREAM, 1, b"\x01" + MESSAGE[1:]), "one uncompressed message", id="a compressed one"
        ),
        pytest.param(
            frame(DATA, END_STREAM | PADDED, 1, b"\x09" + MESSAGE), "padded frame", id="more padding than frame"
        ),
        pytest.param(frame(DATA, END_STREAM | PADDED, 1, b""), "padded frame", id="padding of nothing"),
        pytest.param(frame(DATA, 0, 1, bytes(16_000)) * 5, "without end", id="more than fits"),
        pytest.param(frame(SETTINGS, ACK, 0, b"") * 1001, "without end", id="chatter"),
    ],
)
def test_what_is_no_reply(tmp_path: Path, raw: bytes, words: str) -> None:
    with (
        Agent(tmp_path / "s", raw=raw, hangs_up=True) as agent,
        pytest.raises(NetworkError, match=words),
    ):
        call(agent.path)


def test_frames_of_other_streams_are_not_ours(tmp_path: Path) -> None:
    raw = frame(DATA, END_STREAM, 3, b"other") + frame(HEADERS, END_STREAM, 3, b"") + success(b"ours")
    with Agent(tmp_path / "s", raw=raw) as agent:
        assert call(agent.path) == b"ours"


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with Agent(tmp_path / "s", raw=frame(SETTINGS, 0, 0, b"")) as agent:
        begun = time.monotonic()
        with pytest.raises(NetworkError, match=r"did not answer within 0\.3 seconds"):
            call(agent.path, seconds=0.3)
        assert time.monotonic() - begun < 2


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no such file"):
        call(tmp_path / "none")
    path = tmp_path / "dead"
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))
    with pytest.raises(NetworkError, match="connection refused"):
        call(path)
