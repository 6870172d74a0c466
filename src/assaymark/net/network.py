"""What the rest of assaymark knows of the network: requests go in, responses come out, and `--offline` swaps it away.

`Http` (`assaymark.net.http`) speaks to the world, `UnixNetwork` (`assaymark.net.unix`) to an engine's socket, and
`NoNetwork` to nobody. A response is a stream: its reader bounds it, and a sender that drips is cut off.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from assaymark.errors import NetworkError, OfflineError
from assaymark.limits import Limits
from assaymark.net.address import Locality
from assaymark.net.tls import TlsOptions
from assaymark.net.url import shown
from assaymark.safeio.readers import read_bounded

Clock = Callable[[], float]
Content = bytes | Iterable[bytes]
"""A request's body: bytes, or pieces that can be iterated over again; those need a `Content-Length`."""


class TransferError(NetworkError):
    """A body broke off, stalled or dripped: what came so far is good, and the rest may be asked for again."""


class Headers:
    """Header fields of a response, whatever the letter case of their names."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple((name.lower(), value.strip()) for name, value in fields)

    def get(self, name: str) -> str:
        """The first field of that name; empty where there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every field of that name, in order."""
        wanted = name.lower()
        return tuple(value for field, value in self._fields if field == wanted)


class Source(Protocol):
    """Where a response's bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Some bytes, at most `size`; none at the end."""
        ...

    def close(self) -> None:
        """Give the connection back, or close it when bytes are left."""


class Response(io.RawIOBase, BinaryIO):
    """An answer: read it inside a `with` block.

    Attributes:
        url: where it came from, after redirects, as it may be shown.
        origin: scheme, host and port it came from.
        tries: how often the request was sent.
    """

    def __init__(
        self,
        *,
        status: int,
        headers: Headers,
        url: str,
        source: Source,
        limits: Limits,
        origin: tuple[str, str, int] = ("", "", 0),
        tries: int = 1,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__()
        self.status = status
        self.headers = headers
        self.url = url
        self.origin = origin
        self.tries = tries
        self._source = source
        self._limits = limits
        self._clock = clock
        self._waited = 0.0
        self._came = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        if not self.closed:
            self._source.close()
        super().close()

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes, at most `size`, none at the end; everything when `size` is negative.

        Raises:
            TransferError: the connection broke, or less than the least acceptable rate came.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(65536), b""))
        if size == 0:
            return b""
        begun = self._clock()
        data = self._source.read(size)
        self._meter(self._clock() - begun, len(data))
        return data

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        """Fill the front of `buffer`; returns how many bytes came."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def bounded(self, limit: int, *, what: str) -> bytes:
        """The whole body.

        Raises:
            LimitError: it is longer than `limit`; no more than one byte beyond was read.
        """
        return read_bounded(self, limit=limit, what=what)

    def _meter(self, seconds: float, count: int) -> None:
        # only the time spent waiting counts: a slow consumer is not a slow sender
        self._waited += seconds
        self._came += count
        if self._waited < self._limits.stall_seconds:
            return
        if self._came < self._limits.stall_bytes_per_second * self._waited:
            raise TransferError(f"`{self.url}` stalled: {self._came} bytes in {self._waited:.0f} seconds")
        self._waited, self._came = 0.0, 0


class Network(Protocol):
    """A way to send requests."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        repeatable: bool | None = None,
        redirects: bool = True,
        nearest: Locality = Locality.LOOPBACK,
        tls: TlsOptions | None = None,
    ) -> Response:
        """Send a request and wait for the answer's header; statuses of failure are answers too.

        Args:
            method: such as `GET`.
            url: http or https.
            headers: `Authorization` and `Cookie` go to this URL's origin alone, wherever redirects lead.
            body: the whole of it.
            repeatable: whether doing it twice is as good as once; by default so for GET and HEAD.
            redirects: whether they are followed.
            nearest: how near the host may be: whoever sends us somewhere must not send us behind itself.
            tls: certificates for this URL's origin, on top of the general ones.

        Raises:
            NetworkError: nobody answered.
        """
        ...

    def locality(self, host: str) -> Locality:
        """How near a host is; UNKNOWN where a proxy resolves names or nobody knows."""
        ...


class NoNetwork:
    """What `--offline` puts in the network's place."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002  # the protocol's signature
        body: Content | None = None,  # noqa: ARG002  # the protocol's signature
        repeatable: bool | None = None,  # noqa: ARG002  # the protocol's signature
        redirects: bool = True,  # noqa: ARG002  # the protocol's signature
        nearest: Locality = Locality.LOOPBACK,  # noqa: ARG002  # the protocol's signature
        tls: TlsOptions | None = None,  # noqa: ARG002  # the protocol's signature
    ) -> Response:
        """Refuse.

        Raises:
            OfflineError: always.
        """
        raise OfflineError(
            f"`{method} {shown(url)}` was needed, and `--offline` forbids every connection",
            hint="leave out `--offline`, or place what is needed on this machine",
        )

    def locality(self, host: str) -> Locality:  # noqa: ARG002  # the protocol's signature
        """Unknown: nobody is asked."""
        return Locality.UNKNOWN
