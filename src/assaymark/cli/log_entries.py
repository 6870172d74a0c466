"""Fetching entries of a transparency log again, for bundles that lack their proofs."""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from assaymark.attest.bundle import LogEntry
    from assaymark.cli.connections import Connections

_PUBLIC_LOG: Final = "https://rekor.sigstore.dev"


def add_log_address(parser: _ActionsContainer) -> None:
    """`--rekor-url`."""
    about = f"the log that entries are fetched from (default {_PUBLIC_LOG})"
    parser.add_argument("--rekor-url", default=_PUBLIC_LOG, metavar="URL", help=about)


def fetching(args: Namespace, connections: Connections) -> Callable[[int], LogEntry]:
    """What gets the entry at an index; the network is made when it is first needed."""

    def fetch(index: int) -> LogEntry:
        from assaymark.attest.sigstore.rekor_client import fetch_entry

        return fetch_entry(connections.network, args.rekor_url, index)

    return fetch
