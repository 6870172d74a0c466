"""Requests over a unix socket: what an engine answers, and how fast its absence is known."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assaymark.errors import NetworkError
from assaymark.net.address import Locality
from assaymark.net.network import TransferError
from assaymark.net.unix import UnixNetwork


@contextmanager
def engine(path: Path, reply: bytes) -> Iterator[list[bytes]]:
    """A server that reads one request and sends `reply`."""
    received: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                received.append(connection.recv(65536))
                connection.sendall(reply)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield received
        thread.join(5)


def test_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with (
        engine(path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok") as received,
        UnixNetwork(path).request("GET", "http://engine/v1/info?x=1") as response,
    ):
        assert (response.status, response.headers.get("x-a"), response.read()) == (200, "b", b"ok")
    assert received[0].startswith(b"GET /v1/info?x=1 HTTP/1.1\r\n")
    assert UnixNetwork(path).locality("engine") is Locality.LOOPBACK


def test_a_body_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with (
        engine(path, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
        UnixNetwork(path).request("GET", "http://engine/") as response,
        pytest.raises(TransferError, match="7 bytes"),
    ):
        response.read()


@pytest.mark.parametrize("kind", ["missing", "dead", "folder", "too long"])
def test_nobody_listens_and_it_is_known_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("x" * 200 if kind == "too long" else "engine.sock")
    if kind == "dead":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    if kind == "folder":
        path.mkdir()
    took = []
    for _ in range(5):  # on a busy machine any one may have to wait for the processor
        begun = time.monotonic()
        with pytest.raises(NetworkError, match="cannot reach"):
            UnixNetwork(path).request("GET", "http://engine/")
        took.append(time.monotonic() - begun)
    assert min(took) < 0.05


def test_what_is_no_http(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with engine(path, b"SSH-2.0-x\r\n"), pytest.raises(NetworkError, match="cannot reach"):
        UnixNetwork(path).request("GET", "http://engine/")
