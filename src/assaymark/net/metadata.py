"""The metadata server of a Google machine, which knows the machine's service account.

`assaymark.net.http` never asks such an address, because whoever sends us there wants the machine's credentials. Here
nobody sends us: the caller wants them, and this is the only way to them. It speaks to one address in plain http (there
is no other), without proxies, redirects or retries, and adds the field that the server asks for to be sure that it was
meant. `GCE_METADATA_HOST` names another address, as in Google's own libraries.
"""

from __future__ import annotations

import http.client
import io
from collections.abc import Mapping
from typing import Final

from assaymark.errors import NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.address import Locality
from assaymark.net.network import Content, Headers, Response
from assaymark.net.tls import TlsOptions
from assaymark.net.url import parse_url

HOST: Final = "metadata.google.internal"
VARIABLE: Final = "GCE_METADATA_HOST"
_ADDRESS: Final = "169.254.169.254"
_FLAVOR: Final = {"Metadata-Flavor": "Google"}


class MetadataNetwork:
    """A client of the metadata server and of nothing else."""

    def __init__(self, environment: Mapping[str, str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        named = parse_url(f"http://{environment.get(VARIABLE) or _ADDRESS}/")
        self._host, self._port = named.host, named.port
        self._limits = limits

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
            NetworkError: nobody answers, or the URL is another host's.
        """
        target = parse_url(url)
        if target.host != HOST:
            raise NetworkError(f"`{target}` is not the metadata server")
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._limits.workload_seconds)
        try:
            connection.request(method, target.target, body=body, headers={"Host": HOST, **(headers or {}), **_FLAVOR})
            answer = connection.getresponse()
            data = answer.read(self._limits.service_reply_bytes + 1)
        except (OSError, http.client.HTTPException) as exc:
            raise NetworkError(f"the metadata server does not answer: {exc}") from exc
        finally:
            connection.close()
        return Response(
            status=answer.status,
            headers=Headers(answer.getheaders()),
            url=str(target),
            origin=target.origin,
            source=io.BytesIO(data),
            limits=self._limits,
        )

    def locality(self, host: str) -> Locality:  # noqa: ARG002  # the protocol's signature
        """Only this machine can reach it."""
        return Locality.LOOPBACK
