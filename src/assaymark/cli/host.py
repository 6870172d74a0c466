"""What a scan of a source tree may ask of this machine and of package repositories, as the flags and variables say."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from functools import cache

from assaymark.cli.connections import Connections
from assaymark.cli.maven import Repositories, parse_stand_ins, read_settings, special_proxies
from assaymark.layers.host import HostCaches, cache_folders
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.network import Network


def host_caches(args: Namespace, environ: Mapping[str, str], connections: Connections) -> HostCaches:
    """The caches of this machine; with `--offline-scan` or `--offline` nobody is asked about what they lack.

    Raises:
        UsageError: `--maven-mirror` says what cannot be.
    """
    stand_ins = parse_stand_ins(args.maven_mirror)
    settings = read_settings(environ, limits=DEFAULT_LIMITS)
    folders = cache_folders(environ, settings.local)
    if args.offline_scan or args.offline:
        return HostCaches(folders)
    special = special_proxies(settings)

    @cache
    def network() -> Network:
        return connections.network_through(special) if special else connections.network

    repositories = Repositories(settings, network, stand_ins)
    return HostCaches(folders, repositories.fetch, repositories.route)
