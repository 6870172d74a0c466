"""HTTP over a unix socket: the engines of Docker and Podman.

There is one server, it is local and it is the user's own, so there are no retries, redirects, proxies or certificates.
A socket that is missing, or that nobody listens on, fails at once. A request's URL names the path; its host is only the
`Host` header. The header of an answer may take long: an engine that exports an image first writes it to its disk.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from assaymark.errors import NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.address import Locality
from assaymark.net.network import Content, Headers, Response, TransferError
from assaymark.net.tls import TlsOptions
from assaymark.net.url import parse_url
from assaymark.safeio.text import printable
from assaymark.version import __version__

_CONNECT_SECONDS = 1.0
_PATIENCE_SECONDS = 300.0


class UnixNetwork:
    """A client of the server that listens on `path`."""

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._path = path
        self._seconds = seconds
        self._limits = limits
        self._clock = clock

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        repeatable: bool | None = None,  # noqa: ARG002  # the protocol's signature
        redirects: bool = True,  # noqa: ARG002  # the protocol's signature
        nearest: Locality = Locality.LOOPBACK,  # noqa: ARG002  # the protocol's signature
        tls: TlsOptions | None = None,  # noqa: ARG002  # the protocol's signature
    ) -> Response:
        """Send a request, once.

        Raises:
            NetworkError: nobody listens, or the connection broke.
        """
        target = parse_url(url)
        connection = _Connection(self._path, self._seconds)
        try:
            sent = {"User-Agent": f"assaymark/{__version__}", **(headers or {})}
            connection.request(method, target.target, body=body, headers=sent)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as exc:
            connection.close()
            raise NetworkError(f"cannot reach `{self._path}`: {_reason(exc)}") from exc
        return Response(
            status=answer.status,
            headers=Headers(answer.getheaders()),
            url=str(target),
            origin=target.origin,
            source=_Body(connection, answer, str(self._path)),
            limits=self._limits,
            clock=self._clock,
        )

    def locality(self, host: str) -> Locality:  # noqa: ARG002  # the protocol's signature
        """This machine."""
        return Locality.LOOPBACK


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.settimeout(_CONNECT_SECONDS)
            opened.connect(str(self._path))
            opened.settimeout(self._seconds)
        except BaseException:
            opened.close()
            raise
        self.sock = opened


class _Body:
    def __init__(self, connection: _Connection, answer: http.client.HTTPResponse, name: str) -> None:
        self._connection = connection
        self._answer = answer
        self._name = name

    def read(self, size: int, /) -> bytes:
        """What one receive gives."""
        try:
            data = self._answer.read1(size)
        except (OSError, http.client.HTTPException) as exc:
            raise TransferError(f"`{self._name}` broke off: {_reason(exc)}") from exc
        if not data and self._answer.length:
            raise TransferError(f"`{self._name}` broke off with {self._answer.length} bytes to come")
        return data

    def close(self) -> None:
        """Each request has a connection of its own."""
        self._answer.close()
        self._connection.close()


def _reason(exc: Exception) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror.lower()
    return printable(str(exc).lower() or type(exc).__name__)
