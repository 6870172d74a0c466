"""What a scan of a source tree may ask of this machine and of package repositories, as the flags and variables say."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Final

from assaymark.cli.connections import Connections
from assaymark.errors import NetworkError
from assaymark.layers.host import HostCaches, cache_folders
from assaymark.net.address import Locality

_FOUND: Final = 200


def host_caches(args: Namespace, environ: Mapping[str, str], connections: Connections) -> HostCaches:
    """The caches of this machine; with `--offline-scan` or `--offline` nobody is asked about what they lack."""

    def fetch(url: str, limit: int) -> bytes | None:
        # the address comes from a scanned file: it must not lead to this machine or its neighbours
        try:
            with connections.network.request("GET", url, nearest=Locality.PUBLIC) as response:
                return response.bounded(limit, what=url) if response.status == _FOUND else None
        except NetworkError:
            return None

    return HostCaches(cache_folders(environ), None if args.offline_scan or args.offline else fetch)
