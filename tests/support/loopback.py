"""A web service in this process: one function answers, every request is kept, and TLS is put in front where wanted."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Request:
    """What came: the path with its query, header fields in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The document in the body."""
        return json.loads(self.body or b"{}")


@dataclass(frozen=True)
class Answer:
    """What goes back; a document that is no bytes becomes JSON."""

    status: int = 200
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Loopback:
    """The service at `url`; use it as a context manager.

    Attributes:
        requests: what came so far, in order.
        outage: answered to everything while it is set.
    """

    def __init__(self, answer: Callable[[Request], Answer], *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.outage: Answer | None = None
        self._answer = answer
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.service = self  # type: ignore[attr-defined]  # the handler finds us through its server
        self.port = int(self._server.server_address[1])
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def serve(self, request: Request) -> Answer:
        """The answer to one request; the service sees one at a time."""
        with self._lock:
            self.requests.append(request)
            return self.outage or self._answer(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nobody reads it."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        service: Loopback = self.server.service  # type: ignore[attr-defined]  # set by Loopback
        answer = service.serve(Request(self.command, self.path, headers, body))
        data = b"" if answer.document is None else _encoded(answer.document)
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _encoded(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()
