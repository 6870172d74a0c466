"""A listener on this machine that a browser is sent back to (RFC 8252, sections 7.3 and 8.3).

It speaks as much HTTP as a browser needs to hand over one query, and no more. Rules:

1. It binds to 127.0.0.1, and to ::1 where there is one, on one port: nobody else on the network can reach it.
2. Only GET of the one path, with a `Host` that names this machine (a page of another host whose name resolves to
   loopback is not us: DNS rebinding), is looked at; the caller says whether the query is the awaited one. Everything
   else gets an error and changes nothing: a page that guesses cannot end the wait.
3. Heads are bounded in bytes, connections in number, the wait in time. Browsers open connections that they never use,
   so all are watched at once.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from assaymark.errors import LocalError
from assaymark.limits import DEFAULT_LIMITS, Limits

Accept = Callable[[dict[str, str]], str | None]
"""Given the query; the text to show where it is the awaited one, None where it is not."""

_FIELDS: Final = 20
_SEND_SECONDS: Final = 2.0
_ANY_PORT_TRIES: Final = 8
_PHRASES: Final = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Listener:
    """Waits for one query; made by `listen`.

    Attributes:
        port: where it listens.
    """

    def __init__(
        self, sockets: Sequence[socket.socket], path: str, *, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self.port: int = sockets[0].getsockname()[1]
        self._sockets = sockets
        self._path = path
        self._limits = limits
        self._clock = clock
        self._hosts = {f"{name}:{self.port}" for name in ("localhost", "127.0.0.1", "[::1]")}
        self._heads: dict[socket.socket, bytes] = {}

    @property
    def url(self) -> str:
        """What the browser is to be sent to."""
        return f"http://localhost:{self.port}{self._path}"

    def wait(self, accept: Accept, *, seconds: float) -> bool:
        """Answer requests until `accept` takes a query; False where none came in time."""
        deadline = self._clock() + seconds
        with selectors.DefaultSelector() as selector:
            for listening in self._sockets:
                selector.register(listening, selectors.EVENT_READ)
            try:
                while (left := deadline - self._clock()) > 0:
                    for key, _ in selector.select(left):
                        ready = key.fileobj
                        if isinstance(ready, socket.socket) and self._serve(ready, selector, accept):
                            return True
            finally:
                for connection in list(self._heads):
                    self._drop(connection, selector)
        return False

    def _serve(self, ready: socket.socket, selector: selectors.BaseSelector, accept: Accept) -> bool:
        if ready in self._sockets:
            self._welcome(ready, selector)
        if ready not in self._heads:  # also where it was dropped since it became ready
            return False
        try:
            data = ready.recv(4096)
        except OSError:
            data = b""
        head = self._heads[ready] + data
        self._heads[ready] = head
        complete = b"\r\n\r\n" in head
        if data and not complete and len(head) <= self._limits.callback_bytes:
            return False
        done = complete and self._answer(ready, head, accept)
        self._drop(ready, selector)
        return done

    def _welcome(self, listening: socket.socket, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        connection.settimeout(0)
        if len(self._heads) >= self._limits.callback_connections:
            self._drop(next(iter(self._heads)), selector)
        self._heads[connection] = b""
        selector.register(connection, selectors.EVENT_READ)

    def _drop(self, connection: socket.socket, selector: selectors.BaseSelector) -> None:
        del self._heads[connection]
        selector.unregister(connection)
        connection.close()

    def _answer(self, connection: socket.socket, head: bytes, accept: Accept) -> bool:
        status, query = self._read(head)
        text = accept(query) if status == 200 else None
        if status == 200 and text is None:
            status = 400
        with suppress(OSError):  # the browser went away: what it said counts all the same
            connection.settimeout(_SEND_SECONDS)
            connection.sendall(_page(status, text or _PHRASES[status]))
            connection.shutdown(socket.SHUT_WR)
        return text is not None

    def _read(self, head: bytes) -> tuple[int, dict[str, str]]:
        """The status that a request deserves, and its query where that is 200."""
        lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        fields = [line.partition(":") for line in lines[1:]]
        hosts = [value.strip().lower() for name, _, value in fields if name.lower() == "host"]
        if len(words) != 3 or len(hosts) != 1 or hosts[0] not in self._hosts:
            return 400, {}
        if words[0] != "GET":
            return 405, {}
        try:
            target = urlsplit(words[1])
            pairs = parse_qsl(target.query, keep_blank_values=True, max_num_fields=_FIELDS)
        except ValueError:
            return 400, {}
        if target.path != self._path:
            return 404, {}
        query = dict(pairs)
        return (200, query) if len(query) == len(pairs) else (400, {})


@contextmanager
def listen(
    path: str, *, port: int = 0, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = time.monotonic
) -> Iterator[Listener]:
    """Listen during the block.

    Args:
        path: the path that counts.
        port: which; 0 for any that is free.
        limits: the bounds.
        clock: monotonic seconds.

    Raises:
        LocalError: the port is in use or may not be had.
    """
    sockets = _bind(port)
    try:
        yield Listener(sockets, path, limits=limits, clock=clock)
    finally:
        for listening in sockets:
            listening.close()


def _bind(port: int) -> list[socket.socket]:
    """One socket for each kind of address; a free port of the one may be taken for the other, so several are tried."""
    first: list[socket.socket] = []
    for _ in range(1 if port else _ANY_PORT_TRIES):
        try:
            first = [_open(socket.AF_INET, "127.0.0.1", port)]
            return [*first, _open(socket.AF_INET6, "::1", first[0].getsockname()[1])]
        except OSError as exc:
            if first and (port or exc.errno != errno.EADDRINUSE):
                return first  # no IPv6 here, or somebody else's, whom a code without its PKCE verifier does not help
            if not first:
                raise LocalError(
                    f"cannot listen on port {port} of this machine: {(exc.strerror or str(exc)).lower()}",
                    hint="choose another port with `--oidc-redirect-url`, or use `--fulcio-auth-flow device`",
                ) from exc
            first.pop().close()
    raise LocalError("no port of this machine is free", hint="use `--fulcio-auth-flow device`")


def _open(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
        opened.listen()
        opened.settimeout(0)
    except BaseException:
        opened.close()
        raise
    return opened


def _page(status: int, text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = f"<!doctype html><meta charset=utf-8><title>assaymark</title><p>{escaped}</p>\n".encode()
    head = (
        f"HTTP/1.1 {status} {_PHRASES[status]}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'",
        "Referrer-Policy: no-referrer",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + body
