"""A TUF mirror behind the `Network` protocol, without a socket: what it serves, how often it is asked, how it fails."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from threading import Lock

from assaymark.errors import NetworkError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.address import Locality
from assaymark.net.network import Headers, Response
from assaymark.net.tls import TlsOptions


class MirrorNetwork:
    """Serves `files` under the URL `mirror`.

    Attributes:
        files: bytes by path; replace them, or change them in place.
        asked: the paths of all requests, in order.
        nearest: how near redirects were allowed to lead, of each request.
        down: whether nobody answers.
        statuses: paths that are answered with a status instead.
    """

    def __init__(self, mirror: str, files: Mapping[str, bytes]) -> None:
        self.mirror = mirror
        self.files = files
        self.asked: list[str] = []
        self.nearest: list[Locality] = []
        self.down = False
        self.statuses: dict[str, int] = {}
        self._lock = Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        repeatable: bool | None = None,
        redirects: bool = True,
        nearest: Locality = Locality.LOOPBACK,
        tls: TlsOptions | None = None,
    ) -> Response:
        assert method == "GET", url
        assert url.startswith(f"{self.mirror}/"), url
        path = url.removeprefix(f"{self.mirror}/")
        with self._lock:
            self.asked.append(path)
            self.nearest.append(nearest)
        if self.down:
            raise NetworkError(f"nobody answers at `{url}`")
        data = self.files.get(path)
        status = self.statuses.get(path, 200 if data is not None else 404)
        return Response(
            status=status,
            headers=Headers(),
            url=url,
            source=io.BytesIO(data or b""),
            limits=DEFAULT_LIMITS,
        )

    def locality(self, host: str) -> Locality:
        return Locality.PUBLIC
