"""URLs as requests use them: absolute, http or https, without user-info or fragment (RFC 3986, RFC 9110 4.2)."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from assaymark.errors import NetworkError
from assaymark.safeio.text import printable

_PORTS: Final = {"http": 80, "https": 443}


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """A request's target.

    Attributes:
        host: in lower case, IPv6 addresses without brackets.
        target: path and query, what stands in the request line; may hold a signature, so it is never shown.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials are bound to (RFC 6454)."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """`host` or `host:port` where the port is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def full(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.authority}{self.target}"

    def __str__(self) -> str:
        """For messages: without the query, where signatures and session states stand."""
        return printable(f"{self.scheme}://{self.authority}{self.target.partition('?')[0]}")[:300]

    __repr__ = __str__


def parse_url(text: str, *, base: Url | None = None) -> Url:
    """The target that `text` spells, relative to `base` where there is one; user-info is dropped.

    Raises:
        NetworkError: no http or https URL with a host.
    """
    try:
        parts = urlsplit(urljoin(base.full, text) if base else text)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port
    except ValueError as exc:
        raise NetworkError("a URL is malformed") from exc
    if scheme not in _PORTS or not host or not _is_plain(host):
        raise NetworkError(f"`{shown(text)}` is not an http or https URL")
    return Url(scheme=scheme, host=host, port=port or _PORTS[scheme], target=_target(parts))


def shown(text: str) -> str:
    """A URL for messages: no user-info, no query, no control characters."""
    head, separator, rest = text.partition("://")
    if not separator:
        return printable(text.partition("?")[0])[:300]
    authority, slash, path = rest.partition("/")
    return printable(f"{head}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}")[:300]


def _is_plain(host: str) -> bool:
    return host.isascii() and not any(mark in host for mark in " \t\r\n\\\"'<>/@")


def _target(parts: SplitResult) -> str:
    # a line break here would be a second request; anything beyond ASCII is percent-encoded by whoever made the URL
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii() or any(mark <= " " or mark == "\x7f" for mark in target):
        raise NetworkError("a URL has characters that are not allowed in one")
    return target
