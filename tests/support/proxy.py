"""An HTTP proxy in this process: CONNECT and absolute URLs, to the places that a test says names stand for.

It resolves nothing: a name that is not in `routes` is refused, so a test can give any public host's name to a local
server, and prove at the same time that nothing went past the proxy.
"""

from __future__ import annotations

import base64
import http.client
import select
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class Proxy:
    """The proxy; `routes` leads from `host:port` to a loopback port.

    Attributes:
        asked: what was asked for, in order: `CONNECT host:port` or `GET http://…`.
        refused_status: answered to everything when it is set.
    """

    def __init__(self, routes: Mapping[str, int], *, user: str = "", password: str = "") -> None:
        self.routes = dict(routes)
        self.asked: list[str] = []
        self.refused_status = 0
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.authorization = f"Basic {pair}" if user else ""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self  # type: ignore[attr-defined]  # the handler finds us through its server
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """What stands in HTTPS_PROXY, without user and password."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    @property
    def proxy(self) -> Proxy:
        found: Proxy = self.server.proxy  # type: ignore[attr-defined]  # set by Proxy
        return found

    def do_CONNECT(self) -> None:
        port = self._admitted(self.path)
        if port is None:
            return
        with socket.create_connection(("127.0.0.1", port), timeout=10) as upstream:
            self.send_response(200, "Connection established")
            self.end_headers()
            _pump(self.connection, upstream)
        self.close_connection = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        port = self._admitted(f"{parts.hostname}:{parts.port or 80}")
        if port is None:
            return
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        connection.request(self.command, f"{parts.path}?{parts.query}".rstrip("?"), headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    do_HEAD = do_GET

    def _admitted(self, target: str) -> int | None:
        proxy = self.proxy
        proxy.asked.append(f"{self.command} {target}")
        status = proxy.refused_status
        if proxy.authorization and self.headers.get("Proxy-Authorization") != proxy.authorization:
            status = 407
        port = proxy.routes.get(target)
        if status or port is None:
            self.send_response(status or 403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return port

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Silence."""


def _pump(one: socket.socket, other: socket.socket) -> None:
    while True:
        ready, _, _ = select.select([one, other], [], [], 20)
        if not ready:
            return
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (other if source is one else one).sendall(data)
