"""A whole Sigstore on one loopback port: Fulcio, certificate log, both generations of Rekor, timestamps, tokens, TUF.

    with FakeSigstore() as fake:
        files = fake.write(folder)                      # trusted_root.json, signing_config.json, root.json
        token = fake.instance.token(google())
        with fake.broken(Switch.NO_SCT):
            ...
        fake.fail(503, times=2, path="/api/v1/log")

Real cosign and sigstore-python sign and verify against it. A fault is a switch (`switches.py`) or something that happens to
HTTP (`tests.support.registry.Fault`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from tests.support.registry import Fault, Recorded
from tests.support.registry_http import Exchange, Handler, Reply
from tests.support.sigstore import ambient, fulcio, rekor, stamping
from tests.support.sigstore.call import Call, parse_call, plain
from tests.support.sigstore.instance import Clock, Instance, now
from tests.support.sigstore.log import Generation
from tests.support.sigstore.oidc import Provider
from tests.support.sigstore.switches import NONE, Switch, Switches, prefix

if TYPE_CHECKING:
    from tests.support.sigstore.tuf_repository import TufRepository

_SLOW: Final = 0.5


@dataclass(frozen=True)
class Files:
    """What clients read from disk."""

    trusted_root: Path
    signing_config: Path
    tuf_root: Path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class FakeSigstore:
    """The services; use it as a context manager, from any thread.

    Attributes:
        instance: everything that has a key, and the documents that clients trust.
        provider: who consents in the browser and device flows.
        requests: what was asked so far.
        faults: what is to happen to HTTP.
        switches: what is to go wrong with every reply.
    """

    def __init__(self, *, clock: Clock = now, seeded: bool = True, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), Handler)
        self._server.registry = self  # type: ignore[attr-defined]  # the handler finds us through its server
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.instance = Instance(self.url, clock=clock, seeded=seeded)
        self.provider = Provider(self.instance)
        self.requests: list[Recorded] = []
        self.faults: list[Fault] = []
        self.switches: Switches = NONE
        self.stopping = threading.Event()
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @cached_property
    def tuf(self) -> TufRepository:
        """The TUF repository, made when it is first asked for; its mirror is `tuf_url`."""
        from tests.support.sigstore.tuf_repository import TufRepository

        targets = {
            "trusted_root.json": _json(self.instance.trusted_root()),
            "signing_config.v0.2.json": _json(self.instance.signing_config()),
        }
        return TufRepository(targets, clock=self.instance.clock)

    @property
    def tuf_url(self) -> str:
        return f"{self.url}/tuf"

    def at(self, *switches: Switch) -> str:
        """The services' address, with these faults."""
        return self.url + prefix(switches)

    def environment(self, name: str) -> dict[str, str]:
        """What a job finds in its environment (`tests.support.sigstore.ambient`)."""
        return ambient.environment(self.instance, name)

    def write(
        self,
        folder: Path,
        *,
        logs: Collection[Generation] = (Generation.V1,),
        timestamps: bool = False,
        keyless: bool = True,
        switches: Collection[Switch] = (),
    ) -> Files:
        """Write what clients read; the arguments are those of `Instance.signing_config`."""
        config = self.instance.signing_config(logs=logs, timestamps=timestamps, keyless=keyless, switches=switches)
        files = Files(folder / "trusted_root.json", folder / "signing_config.json", folder / "root.json")
        files.trusted_root.write_bytes(_json(self.instance.trusted_root()))
        files.signing_config.write_bytes(_json(config))
        files.tuf_root.write_bytes(self.tuf.initial_root)
        return files

    @contextmanager
    def broken(self, *switches: Switch) -> Iterator[None]:
        """Every reply has these faults for a while."""
        before, self.switches = self.switches, self.switches | frozenset(switches)
        try:
            yield
        finally:
            self.switches = before

    def fault(self, fault: Fault) -> Fault:
        """Arrange for something to happen to HTTP."""
        with self._lock:
            self.faults.append(fault)
        return fault

    def fail(self, status: int, *, times: int = 1, method: str = "", path: str = "") -> Fault:
        """Answer the next matching requests with `status`."""
        return self.fault(Fault(method=method, path=path, times=times, status=status, body=b""))

    def paths(self, method: str = "") -> list[str]:
        """The paths asked for so far, by one method or all."""
        return [request.path for request in list(self.requests) if method in ("", request.method)]

    def answer(self, exchange: Exchange) -> Reply:
        """Record the request and make its reply; called by the handler."""
        with self._lock:
            struck = next((fault for fault in self.faults if fault.take(exchange.method, exchange.path)), None)
            reply = Reply(struck.status) if struck and struck.status else self._route(exchange)
            if struck:
                reply.headers.update(struck.headers)
                reply.body = reply.body if struck.body is None else struck.body
                reply.cut_after, reply.endless = struck.cut_after, struck.endless
                reply.delay, reply.byte_delay = struck.delay, struck.byte_delay
            self.requests.append(
                Recorded(exchange.method, exchange.path, exchange.headers, exchange.body, status=reply.status)
            )
        return reply

    def _route(self, exchange: Exchange) -> Reply:
        try:
            call = parse_call(exchange, url=self.url, switches=self.switches)
        except ValueError as exc:
            return plain(str(exc), 404)
        if Switch.UNAVAILABLE in call.switches:
            return plain("no healthy upstream", 503)
        reply = self._serve(call)
        if Switch.SLOW in call.switches:
            reply.delay = _SLOW
        return reply

    def _serve(self, call: Call) -> Reply:
        if call.path.startswith("/tuf/"):
            return _file(self.tuf.files, call.path.removeprefix("/tuf/"))
        services: tuple[Callable[[Instance, Call], Reply | None], ...] = (
            fulcio.answer,
            rekor.answer,
            stamping.answer,
            ambient.answer,
        )
        found = (service(self.instance, call) for service in services)
        return (
            next((reply for reply in found if reply), None) or self.provider.answer(call) or plain("no such page", 404)
        )


def _file(files: Mapping[str, bytes], name: str) -> Reply:
    if name not in files:
        return plain("no such file", 404)
    return Reply(200, {"Content-Type": "application/octet-stream"}, files[name])


def _json(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()
