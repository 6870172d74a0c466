"""Decides which hosts and addresses a request may go to.

Rules:

1. Link-local and cloud metadata addresses are refused always, by name, in every spelling of the number, after DNS and
   after redirects: what answers there hands out the machine's own credentials (CVE-2020-15157).
2. `Locality` says how near a host is; the caller decides whether a public registry may send us to a private host.
3. Loopback is where plain http needs no flag: `localhost`, `*.localhost` (RFC 6761), 127.0.0.0/8, `::1`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from assaymark.errors import NetworkError

Resolve = Callable[..., list[tuple[Any, ...]]]
"""The signature of `socket.getaddrinfo`."""

_METADATA_NAMES: Final = frozenset({"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"})
_METADATA: Final = (
    ip_network("169.254.0.0/16"),  # RFC 3927; AWS, Azure, Google, DigitalOcean, Oracle, OpenStack
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::254/128"),  # AWS over IPv6
    ip_network("fd20:ce::254/128"),  # Google over IPv6
    ip_network("100.100.100.200/32"),  # Alibaba
    ip_network("168.63.129.16/32"),  # Azure's wire server
    ip_network("192.0.0.192/32"),  # Oracle
)


class Locality(IntEnum):
    """How near a host is, the nearest first."""

    LOOPBACK = 0
    PRIVATE = 1
    PUBLIC = 2
    UNKNOWN = 3


def find_address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` spells, in any of the forms that resolvers take (`0x7f.1`, `2130706433`); else None."""
    text = host.strip("[]").partition("%")[0]
    try:
        found = ip_address(text)
    except ValueError:
        if not text or not set(text.lower()) <= set("0123456789abcdefx."):
            return None
        try:
            found = IPv4Address(socket.inet_aton(text))
        except OSError:
            return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine without asking a resolver."""
    name = host.rstrip(".").lower()
    address = find_address(name)
    return name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback)


def locality_of(address: IPv4Address | IPv6Address) -> Locality:
    """How near an address is."""
    if address.is_loopback:
        return Locality.LOOPBACK
    return Locality.PRIVATE if address.is_private else Locality.PUBLIC


def locality(host: str, *, resolve: Resolve = socket.getaddrinfo) -> Locality:
    """How near `host` is: the nearest of its addresses, UNKNOWN where there are none."""
    if is_loopback(host):
        return Locality.LOOPBACK
    literal = find_address(host)
    if literal is not None:
        return locality_of(literal)
    try:
        found = [find_address(str(entry[4][0])) for entry in resolve(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return Locality.UNKNOWN
    return min((locality_of(address) for address in found if address is not None), default=Locality.UNKNOWN)


def refuse_host(host: str) -> None:
    """Rule 1, for a host as it is written.

    Raises:
        NetworkError: it names a link-local or metadata address.
    """
    address = find_address(host)
    if host.rstrip(".").lower() in _METADATA_NAMES or (address is not None and _is_metadata(address)):
        raise NetworkError(f"`{host}` is a link-local or metadata address, and those are never asked")


def refuse_address(text: str, *, host: str) -> None:
    """Rule 1, for an address that a resolver gave for `host`.

    Raises:
        NetworkError: it is a link-local or metadata address.
    """
    address = find_address(text)
    if address is None or _is_metadata(address):
        raise NetworkError(f"`{host}` leads to the link-local or metadata address `{text}`, which is never asked")


def _is_metadata(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in _METADATA)
