"""An OCI registry in this process: real HTTP on a loopback port, content in memory, faults on demand.

    with MemoryRegistry() as registry:
        image = registry.put_image("library/app", "1", layers=[b"…"])
        registry.fail(503, times=2)
        ...
        assert registry.paths("PUT") == [...]

It speaks the distribution specification (pull, push in one piece or several, mounts, ranges, HEAD, delete, referrers), ETag with
If-Match on manifests, and the three kinds of authentication. What differs between services is a `Behaviour`.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Self

from tests.support.registry_auth import Behaviour, Tokens
from tests.support.registry_http import Exchange, Handler, Reply, route

from assaymark.model.descriptor import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest, sha256_digest
from assaymark.model.reference import Reference, parse_reference

__all__ = ["Behaviour", "Exchange", "Fault", "MemoryRegistry", "Recorded", "Reply"]


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int = 0

    @property
    def host(self) -> str:
        return self.headers.get("host", "")


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that match; -1 is for ever.

    Attributes:
        method, path: the request must have this method, and this text in its path; empty matches all.
        skip: how many matching requests are served well before.
        status, headers, body: replace the reply's; the real request is not executed when `status` is set.
        cut_after: this many bytes of the body are sent, then the connection is closed.
        delay: seconds before the reply; `byte_delay`: seconds between bytes of the body.
        endless: the body never ends.
    """

    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut_after: int | None = None
    delay: float = 0.0
    byte_delay: float = 0.0
    endless: bool = False

    def take(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts down."""
        if not self.times or (self.method and self.method != method) or self.path not in path:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times > 0:
            self.times -= 1
        return True


@dataclass
class Content:
    """One repository's content."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class MemoryRegistry:
    """The registry; use it as a context manager, from any thread."""

    def __init__(self, behaviour: Behaviour | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.repositories: dict[str, Content] = {}
        self.uploads: dict[str, str] = {}
        self.parts: dict[str, bytes] = {}
        self.requests: list[Recorded] = []
        self.faults: list[Fault] = []
        self.tokens = Tokens()
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.registry = self  # type: ignore[attr-defined]  # the handler finds us through its server
        self.scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def port(self) -> int:
        """The loopback port."""
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """`127.0.0.1:port`, what stands in front of an image's name."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The origin, `http://127.0.0.1:port`."""
        return f"{self.scheme}://{self.host}"

    def reference(self, name: str) -> Reference:
        """The reference of `name` (`library/app:1`) in this registry."""
        return parse_reference(f"{self.host}/{name}")

    def repository(self, name: str) -> Content:
        """The content of one repository, made when it is not there."""
        return self.repositories.setdefault(name, Content())

    def put_blob(self, repository: str, data: bytes, *, media_type: str = "application/octet-stream") -> Descriptor:
        """Place a blob, without a request."""
        digest = sha256_digest(data)
        self.repository(repository).blobs[digest] = data
        return Descriptor(media_type=media_type, digest=digest, size=len(data))

    def put_manifest(
        self, repository: str, data: bytes, *, media_type: str = OCI_MANIFEST, tag: str = ""
    ) -> Descriptor:
        """Place a manifest, without a request."""
        digest = sha256_digest(data)
        content = self.repository(repository)
        content.manifests[digest] = (data, media_type)
        if tag:
            content.tags[tag] = digest
        return Descriptor(media_type=media_type, digest=digest, size=len(data))

    def put_image(
        self, repository: str, tag: str = "", *, layers: Sequence[bytes] = (b"layer",), config: bytes = b"{}"
    ) -> Descriptor:
        """Place an image of `layers`; a config of your own makes it scannable."""
        parts = [self.put_blob(repository, layer) for layer in layers]
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": _described(self.put_blob(repository, config, media_type=OCI_CONFIG)),
            "layers": [{**_described(part), "mediaType": "application/vnd.oci.image.layer.v1.tar"} for part in parts],
        }
        return self.put_manifest(repository, json.dumps(document).encode(), tag=tag)

    def put_index(self, repository: str, tag: str, manifests: Sequence[Mapping[str, object]]) -> Descriptor:
        """Place an index of descriptors as they stand in its JSON."""
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests)}
        return self.put_manifest(repository, json.dumps(document).encode(), media_type=OCI_INDEX, tag=tag)

    def tag_digest(self, repository: str, tag: str) -> Digest | None:
        """What a tag points at now."""
        digest = self.repository(repository).tags.get(tag)
        return Digest(digest) if digest else None

    def fault(self, fault: Fault) -> Fault:
        """Arrange for something to go wrong."""
        with self.lock:
            self.faults.append(fault)
        return fault

    def fail(
        self, status: int, *, times: int = 1, method: str = "", path: str = "", headers: Mapping[str, str] | None = None
    ) -> Fault:
        """Answer the next matching requests with `status`."""
        return self.fault(Fault(method=method, path=path, times=times, status=status, headers=headers or {}, body=b""))

    def paths(self, method: str = "") -> list[str]:
        """The paths asked for so far, by one method or all."""
        return [request.path for request in list(self.requests) if method in ("", request.method)]

    def answer(self, exchange: Exchange) -> Reply:
        """Record the request and make its reply; called by the handler."""
        with self.lock:
            struck = next((fault for fault in self.faults if fault.take(exchange.method, exchange.path)), None)
            reply = Reply(struck.status) if struck and struck.status else route(self, exchange)
            if struck:
                _apply(struck, reply)
            for name, value in self.behaviour.headers.items():
                reply.headers.setdefault(name, value)
            self.requests.append(
                Recorded(exchange.method, exchange.path, exchange.headers, exchange.body, status=reply.status)
            )
        return reply


def _apply(fault: Fault, reply: Reply) -> None:
    reply.headers.update(fault.headers)
    reply.body = reply.body if fault.body is None else fault.body
    reply.cut_after = fault.cut_after
    reply.delay, reply.byte_delay = fault.delay, fault.byte_delay
    reply.endless = fault.endless


def _described(descriptor: Descriptor) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
