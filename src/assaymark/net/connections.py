"""urllib3's connections with our guards; imported only when a request is sent.

Two things happen inside a connection that nobody outside can do in time: the address that DNS gave is looked at before
anything is sent to it (a name that resolves differently the second time is no way around), and a server that drips its
header byte by byte is cut off.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from assaymark.net.address import Resolve
from assaymark.net.failure import failure_of
from assaymark.net.network import TransferError

Guard = Callable[[str, str], None]
"""Called with an address and the host it stands for; raises where it must not be asked."""


def pool_classes(guard: Guard, resolve: Resolve, header_seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    """Pools for `http` and `https` whose connections are guarded."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, guard, resolve)

        def getresponse(self) -> Any:
            with _Deadline(self, header_seconds):
                return super().getresponse()

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, guard, resolve)

        def getresponse(self) -> Any:
            with _Deadline(self, header_seconds):
                return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

        def _validate_conn(self, conn: Any) -> None:
            # the base class warns on every unverified request; the user asked for them
            if conn.is_closed:
                conn.connect()

    return {"http": PlainPool, "https": SecurePool}


def _connect(connection: HTTPConnection, guard: Guard, resolve: Resolve) -> socket.socket:
    host = connection.host.strip("[]")
    try:
        entries = resolve(host, connection.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        reason = exc if isinstance(exc, socket.gaierror) else socket.gaierror(str(exc))
        raise NameResolutionError(host, connection, reason) from exc
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in entries:
        guard(str(address[0]), host)
        try:
            return _open(family, kind, protocol, address, connection.timeout)
        except OSError as exc:
            failure = exc
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "timed out") from failure
    raise NewConnectionError(connection, (failure.strerror or str(failure)).lower()) from failure


def _open(family: int, kind: int, protocol: int, address: Any, timeout: Any) -> socket.socket:
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(timeout if isinstance(timeout, (int, float)) else None)
        opened.connect(address)
    except BaseException:
        opened.close()
        raise
    return opened


class _Deadline:
    """Shuts the connection when a block takes longer than `seconds`, whatever trickles in meanwhile."""

    def __init__(self, connection: HTTPConnection, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._connection = connection
        self._expired = False

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, kind: object, *_: object) -> None:
        self._timer.cancel()
        if self._expired and kind is not None:
            raise TimeoutError("the answer's header did not come in time")

    def _expire(self) -> None:
        self._expired = True
        opened = self._connection.sock
        if opened is not None:
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


class Body:
    """A urllib3 response as a source of bytes."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str) -> None:
        self._response = response
        self._url = url

    def read(self, size: int, /) -> bytes:
        """What one receive gives, at most `size` bytes, so that a slow sender is noticed.

        Raises:
            TransferError: the connection broke before the end.
        """
        try:
            # no decoding of Content-Encoding: digests are of the bytes as they came
            return self._response.read1(size, decode_content=False)
        except (HTTPError, OSError, ValueError) as exc:
            raise TransferError(f"`{self._url}` broke off: {failure_of(exc, self._url)}") from exc

    def close(self) -> None:
        """Drop the connection unless its body was read to the end: draining would be reading what nobody bounds."""
        if self._response.closed:
            self._response.release_conn()
        else:
            self._response.close()
