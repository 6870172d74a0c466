"""The way out that somebody chose: over HTTP as the environment and the caller say, or none at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from assaymark.limits import Limits
from assaymark.net.network import Network, NoNetwork
from assaymark.net.proxies import SpecialProxy


def open_network(
    environ: Mapping[str, str],
    *,
    offline: bool,
    insecure: bool = False,
    authorities: Iterable[Path] = (),
    special: Iterable[SpecialProxy] = (),
    limits: Limits,
) -> Network:
    """The network.

    Args:
        environ: proxies and certificates of the system.
        offline: whether nobody is to be reached.
        insecure: whether certificates are not looked at.
        authorities: files with certificates to trust besides the system's.
        special: proxies that come before those of the environment.
        limits: the bounds.

    Raises:
        UsageError: a proxy of a kind that is not supported.
    """
    if offline:
        return NoNetwork()
    from assaymark.net.http import Http
    from assaymark.net.proxies import proxies_from
    from assaymark.net.tls import tls_from

    tls = tls_from(environ, authorities=tuple(authorities), insecure=insecure)
    proxies = msgspec.structs.replace(proxies_from(environ), special=tuple(special))
    return Http(limits=limits, tls=tls, proxies=proxies)
