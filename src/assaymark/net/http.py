"""The HTTP client: time limits, retries, redirects, proxies and certificates in one place.

Rules, each with its reason in `assaymark.limits` or beside the code:

1. Connecting takes at most `connect_seconds`, the answer's header `first_byte_seconds`, and a body that comes
   slower than `stall_bytes_per_second` over `stall_seconds` is given up.
2. Redirects are followed here, at most `redirects`; `Authorization` and `Cookie` never follow one to another origin,
   https never leads to http, and only GET and HEAD follow the kinds that change the method (RFC 9110, 15.4).
3. Every hop's host is checked as it is written and as it resolves (`assaymark.net.address`).
4. A certificate that does not verify is final: no retry, no other way.
5. Messages and logs carry no query, user-info or header.
"""

from __future__ import annotations

import logging
import random as randomness
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.errors import NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.address import (
    Locality,
    Resolve,
    find_address,
    is_loopback,
    locality,
    locality_of,
    refuse_address,
    refuse_host,
)
from assaymark.net.attempt import AttemptError
from assaymark.net.network import Content, Headers, Response
from assaymark.net.proxies import Proxy, ProxyRules
from assaymark.net.retry import Retries, is_worth_repeating
from assaymark.net.tls import TlsOptions, make_context
from assaymark.net.url import Url, parse_url
from assaymark.version import __version__

if TYPE_CHECKING:
    import urllib3

logger = logging.getLogger(__name__)

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_BOUND_TO_ORIGIN: Final = frozenset({"authorization", "cookie"})


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """One request on its way to one URL."""

    method: str
    url: Url
    headers: Mapping[str, str]
    body: Content | None
    repeatable: bool
    nearest: Locality
    tls: TlsOptions

    def __repr__(self) -> str:
        return f"{self.method} {self.url}"


class _Route(msgspec.Struct, frozen=True, kw_only=True):
    """What connections are shared by: the same certificates, proxy and guard."""

    tls: TlsOptions
    proxy: Proxy | None
    nearest: Locality


class Http:
    """A client with one pool of connections; safe to use from several threads."""

    def __init__(
        self,
        *,
        limits: Limits = DEFAULT_LIMITS,
        tls: TlsOptions | None = None,
        proxies: ProxyRules | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = randomness.random,
        resolve: Resolve = socket.getaddrinfo,
    ) -> None:
        self._limits = limits
        self._tls = tls or TlsOptions()
        self._proxies = proxies or ProxyRules()
        self._clock, self._wall, self._sleep, self._random = clock, wall, sleep, random
        self._resolve = resolve
        self._pools: dict[_Route, urllib3.PoolManager] = {}

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
        """Send a request; see `assaymark.net.network.Network`.

        Raises:
            NetworkError: nobody answered, or a rule of this module was broken.
        """
        first = parse_url(url)
        message = _Message(
            method=method,
            url=first,
            headers={"User-Agent": f"assaymark/{__version__}", **(headers or {})},
            body=body,
            repeatable=method in ("GET", "HEAD") if repeatable is None else repeatable,
            nearest=nearest,
            tls=self._tls.with_more(tls),
        )
        for _ in range(self._limits.redirects + 1):
            response = self._send(message)
            location = response.headers.get("location")
            if not redirects or response.status not in _REDIRECTS or not location:
                return response
            if method not in ("GET", "HEAD") and response.status not in (307, 308):
                return response
            response.close()
            message = self._redirected(message, parse_url(location, base=message.url))
        raise NetworkError(f"`{first}` redirects more than {self._limits.redirects} times")

    def locality(self, host: str) -> Locality:
        """How near a host is; UNKNOWN where a proxy resolves names."""
        url = parse_url(f"https://{f'[{host}]' if ':' in host else host}/")
        if find_address(url.host) is None and self._proxies.find(url) is not None:
            return Locality.UNKNOWN
        return locality(url.host, resolve=self._resolve)

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.clear()
        self._pools.clear()

    def _redirected(self, message: _Message, target: Url) -> _Message:
        if message.url.scheme == "https" and target.scheme == "http":
            raise NetworkError(f"`{message.url}` redirects from https to `{target}`, which is refused")
        if target.origin == message.url.origin:
            return msgspec.structs.replace(message, url=target)
        headers = {name: value for name, value in message.headers.items() if name.lower() not in _BOUND_TO_ORIGIN}
        # a client certificate or another server's name was meant for the first origin too
        return msgspec.structs.replace(message, url=target, headers=headers, tls=self._tls)

    def _send(self, message: _Message) -> Response:
        refuse_host(message.url.host)
        self._refuse_near(message)
        retries = Retries(self._limits, clock=self._clock, wall=self._wall, sleep=self._sleep, random=self._random)
        while True:
            try:
                response = self._once(message, retries.tries)
            except AttemptError as failure:
                if not (message.repeatable or failure.unsent) or not retries.wait(most=failure.most_tries):
                    raise failure.error(retries.tries) from failure.__cause__
                logger.debug("%s %s: %s, once more", message.method, message.url, failure)
                continue
            if not is_worth_repeating(response.status, repeatable=message.repeatable):
                return response
            if not retries.wait(response.headers.get("retry-after")):
                return response
            logger.debug("%s %s: status %d, once more", message.method, message.url, response.status)
            response.close()

    def _refuse_near(self, message: _Message) -> None:
        address = find_address(message.url.host)
        near = locality_of(address) if address is not None else Locality.UNKNOWN
        if min(near, Locality.LOOPBACK if is_loopback(message.url.host) else near) < message.nearest:
            raise NetworkError(f"`{message.url}` is a private address, and a host that is not sent us there")

    def _once(self, message: _Message, tries: int) -> Response:
        from urllib3.exceptions import HTTPError

        from assaymark.net.connections import Body
        from assaymark.net.failure import failure_of

        pool = self._pool(message)
        try:
            answer = pool.urlopen(
                message.method,
                message.url.full,
                headers=dict(message.headers),
                body=message.body,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError, ValueError) as exc:
            raise failure_of(exc, str(message.url)) from exc
        logger.debug("%s %s: status %d", message.method, message.url, answer.status)
        return Response(
            status=answer.status,
            headers=Headers(answer.headers.items()),
            url=str(message.url),
            origin=message.url.origin,
            source=Body(answer, str(message.url)),
            limits=self._limits,
            tries=tries,
            clock=self._clock,
        )

    def _pool(self, message: _Message) -> urllib3.PoolManager:
        secure = message.url.scheme == "https"
        proxy = self._proxies.find(message.url)
        tls = message.tls.for_host(message.url.authority) if secure else TlsOptions()
        route = _Route(tls=tls, proxy=proxy, nearest=message.nearest)
        if route not in self._pools:
            self._pools[route] = self._make_pool(route, needs_tls=secure)
        return self._pools[route]

    def _make_pool(self, route: _Route, *, needs_tls: bool) -> urllib3.PoolManager:
        import urllib3

        from assaymark.net.connections import pool_classes

        # urllib3 writes whole request targets into its debug log, and signatures stand in them
        logging.getLogger("urllib3").setLevel(logging.INFO)
        limits, proxy = self._limits, route.proxy
        options: dict[str, object] = {"maxsize": limits.connections, "num_pools": 64}
        options["timeout"] = urllib3.Timeout(connect=limits.connect_seconds, read=limits.first_byte_seconds)
        if needs_tls:
            options["ssl_context"] = make_context(route.tls)
            options |= {"server_hostname": route.tls.server_name} if route.tls.server_name else {}
        if proxy is None:
            pool = urllib3.PoolManager(**options)  # type: ignore[arg-type]  # urllib3 types them one by one
        else:
            given = {"proxy-authorization": proxy.authorization.reveal()} if proxy.authorization else {}
            if proxy.url.startswith("https:"):
                options["proxy_ssl_context"] = make_context(self._tls)
            pool = urllib3.ProxyManager(proxy.url, proxy_headers=given, **options)  # type: ignore[arg-type]  # as above
        guard = self._guard(route.nearest) if proxy is None else _allow
        pool.pool_classes_by_scheme = pool_classes(guard, self._resolve, limits.first_byte_seconds)
        return pool

    def _guard(self, nearest: Locality) -> Callable[[str, str], None]:
        def refuse(address: str, host: str) -> None:
            refuse_address(address, host=host)
            found = find_address(address)
            if found is not None and locality_of(found) < nearest:
                reason = f"`{host}` is at the private address `{address}`"
                raise NetworkError(f"{reason}, and a host that is not sent us there")

        return refuse


def _allow(address: str, host: str) -> None:
    """The proxy itself is the user's choice, wherever it stands."""
