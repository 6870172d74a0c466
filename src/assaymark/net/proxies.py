"""Which proxy a request goes through: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, upper or lower case.

The rules are those of Go's `httpproxy`, so that the settings that work for the peers work here:

1. An https request takes `HTTPS_PROXY`, an http request `HTTP_PROXY`; `ALL_PROXY` is for both where they are unset. The
   upper-case name wins. `HTTP_PROXY` is ignored inside CGI (`REQUEST_METHOD` is set), because there a client sets it
   (CVE-2016-5385).
2. Loopback is never proxied.
3. `NO_PROXY` is a list of `*`, addresses, CIDR ranges and names; `example.org` covers its subdomains, `.example.org`
   and `*.example.org` only these; each may have a port.
4. A proxy is `http://` or `https://`, user and password may stand in it; without a scheme it is http.

A program's own settings may name proxies that come before those of the environment (`SpecialProxy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import unquote, urlsplit

import msgspec

from assaymark.errors import UsageError
from assaymark.net.address import find_address, is_loopback
from assaymark.net.secret import Secret, basic
from assaymark.net.url import Url, shown


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """One proxy; `authorization` is the value of the Proxy-Authorization header."""

    url: str
    authorization: Secret = Secret()


class Bypass(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `NO_PROXY`: a network or the end of a name, and a port where it has one (0: any)."""

    network: IPv4Network | IPv6Network | None = None
    name: str = ""
    port: int = 0

    def covers(self, host: str, port: int) -> bool:
        """Whether requests to this host and port go direct."""
        if self.port and self.port != port:
            return False
        address = find_address(host)
        if self.network is not None:
            return address is not None and address in self.network
        if self.name == "*":
            return True
        if self.name.startswith("."):
            return host.endswith(self.name)
        return host == self.name or host.endswith(f".{self.name}")


class SpecialProxy(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy for the requests of one scheme, apart from those to hosts that one of the `direct` patterns matches."""

    scheme: str
    proxy: Proxy
    direct: tuple[str, ...] = ()

    def serves(self, url: Url) -> bool:
        """Whether requests to `url` go through it."""
        return url.scheme == self.scheme and not any(fnmatchcase(url.host, each) for each in self.direct)


class ProxyRules(msgspec.Struct, frozen=True, kw_only=True):
    """The user's settings; the first of the `special` ones that serves a request is taken."""

    http: Proxy | None = None
    https: Proxy | None = None
    bypasses: tuple[Bypass, ...] = ()
    special: tuple[SpecialProxy, ...] = ()

    def find(self, url: Url) -> Proxy | None:
        """The proxy for `url`; None means directly."""
        if is_loopback(url.host):
            return None
        special = next((each.proxy for each in self.special if each.serves(url)), None)
        proxy = self.https if url.scheme == "https" else self.http
        if special or proxy is None:
            return special
        return None if any(bypass.covers(url.host, url.port) for bypass in self.bypasses) else proxy


def proxies_from(environ: Mapping[str, str]) -> ProxyRules:
    """The rules that the environment gives.

    Raises:
        UsageError: a proxy of a kind that is not supported.
    """
    every = _value(environ, "ALL_PROXY")
    http = "" if environ.get("REQUEST_METHOD") else _value(environ, "HTTP_PROXY")
    https = _value(environ, "HTTPS_PROXY")
    return ProxyRules(
        http=_parse_proxy(http or every),
        https=_parse_proxy(https or every),
        bypasses=tuple(_parse_bypass(entry) for entry in _value(environ, "NO_PROXY").split(",") if entry.strip()),
    )


def proxy_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The same settings for programs built on libcurl (`git`), which reads the lower-case names and proxies loopback.

    Raises:
        UsageError: a proxy of a kind that is not supported.
    """
    proxies_from(environ)
    http = "" if environ.get("REQUEST_METHOD") else _value(environ, "HTTP_PROXY")
    direct = ",".join(filter(None, [_value(environ, "NO_PROXY"), "localhost,127.0.0.1,::1"]))
    found = {
        "http_proxy": http,
        "https_proxy": _value(environ, "HTTPS_PROXY"),
        "all_proxy": _value(environ, "ALL_PROXY"),
    }
    set_here = {name: value for name, value in found.items() if value}
    return {**set_here, "no_proxy": direct} if set_here else {}


def _value(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.lower()) or "").strip()


def _parse_proxy(text: str) -> Proxy | None:
    if not text:
        return None
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise UsageError("the proxy's URL is malformed", hint="check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY") from exc
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"proxies of the kind `{shown(text)}` are not supported", hint="write http://host:port")
    bracketed = f"[{host}]" if ":" in host else host
    url = f"{parts.scheme}://{bracketed}:{port or (443 if parts.scheme == 'https' else 80)}"
    if parts.username is None:
        return Proxy(url=url)
    return Proxy(url=url, authorization=basic(unquote(parts.username), unquote(parts.password or "")))


def _parse_bypass(text: str) -> Bypass:
    entry = text.strip().lower()
    try:
        return Bypass(network=ip_network(entry.strip("[]"), strict=False))
    except ValueError:
        pass
    name, colon, port = entry.rpartition(":")
    if not colon or not port.isdigit():
        name, port = entry, "0"
    address = find_address(name) if name[:1].isdigit() or name.startswith("[") else None
    network = ip_network(str(address)) if address is not None else None
    return Bypass(network=network, name=name.removeprefix("*") if name != "*" else name, port=int(port))
