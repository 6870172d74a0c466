"""Whom to believe, as flags and environment say; `assaymark.attest.sigstore.trust` does what follows from it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.cli.files import read_input
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.user_cache import cache_root, own_folder

if TYPE_CHECKING:
    from assaymark.attest.sigstore.trust import Trust
    from assaymark.cli.console import Console
    from assaymark.net.network import Network


def trust_folder(args: Namespace, environ: Mapping[str, str]) -> Path:
    """Where trust data is kept, unless `TUF_ROOT` names another folder."""
    return own_folder(cache_root(args.cache_dir, environ)) / "sigstore"


def trust_from(args: Namespace, console: Console, network: Callable[[], Network]) -> Trust:
    """The trust data of this command, loaded when it is first needed."""
    from assaymark.attest.sigstore.trust import Trust, TrustChoice

    choice = TrustChoice(
        file=args.trusted_root,
        read=lambda name: read_input(name, console, limit=DEFAULT_LIMITS.trust_metadata_bytes),
        folder=trust_folder(args, console.environ),
        environ=console.environ,
        network=network,
        renews=not args.offline,
        warn=console.warn,
    )
    return Trust(choice)
