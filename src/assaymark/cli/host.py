"""What a scan of a source tree may ask of this machine and of package repositories, as the flags and variables say."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Mapping
from typing import Final

from assaymark.cli.connections import Connections
from assaymark.errors import NetworkError
from assaymark.inventory.java.poms import CENTRAL
from assaymark.layers.host import HostCaches, cache_folders
from assaymark.net.address import Locality
from assaymark.net.url import parse_url

_FOUND: Final = 200

logger = logging.getLogger(__name__)


def host_caches(args: Namespace, environ: Mapping[str, str], connections: Connections) -> HostCaches:
    """The caches of this machine; with `--offline-scan` or `--offline` nobody is asked about what they lack."""
    failed: set[str] = set()

    def fetch(url: str, limit: int) -> bytes | None:
        # all addresses but Maven Central's come from scanned files, and must not lead to this machine's neighbours
        nearest = Locality.PRIVATE if url.startswith(CENTRAL.url) else Locality.PUBLIC
        host = ""
        try:
            host = parse_url(url).host
            if host in failed:
                return None
            with connections.network.request("GET", url, nearest=nearest) as response:
                return response.bounded(limit, what=url) if response.status == _FOUND else None
        except NetworkError as exc:
            failed.add(host)  # its answers take minutes to fail, and a project asks for hundreds
            logger.warning("a package repository is not asked any more: %s", exc)
            return None

    return HostCaches(cache_folders(environ), None if args.offline_scan or args.offline else fetch)
