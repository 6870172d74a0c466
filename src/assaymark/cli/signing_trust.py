"""Whose services sign and whom verifiers believe: files that the user names, else the mirror's trust data."""

from __future__ import annotations

import time
from argparse import Namespace
from functools import cached_property
from typing import TYPE_CHECKING

from assaymark.cli.files import read_input
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from pathlib import Path

    from assaymark.attest.sigstore.signing_config import SigningConfig
    from assaymark.attest.sigstore.trust_data import TrustData
    from assaymark.attest.sigstore.trusted_root import TrustedRoot
    from assaymark.cli.console import Console
    from assaymark.net.network import Network


class SigningTrust:
    """What one command trusts; the mirror is asked when, and only if, something of it is needed.

    Args:
        args: with `trusted_root`, a file's name or nothing.
        console: for warnings and the environment.
        network: how the mirror is reached.
    """

    def __init__(self, args: Namespace, console: Console, network: Network) -> None:
        self._args = args
        self._console = console
        self._network = network

    @cached_property
    def data(self) -> TrustData:
        """The mirror's trust data."""
        from assaymark.attest.sigstore.trust_data import load_trust

        data = load_trust(
            sigstore_folder(self._args, self._console),
            self._console.environ,
            network=self._network,
            clock=time.time,
        )
        for warning in data.warnings:
            self._console.warn(warning)
        return data

    @cached_property
    def root(self) -> TrustedRoot:
        """Whom verifiers believe: `--trusted-root`, else the mirror's."""
        from assaymark.attest.sigstore.trusted_root import parse_trusted_root

        name = self._args.trusted_root
        if not name:
            return parse_trusted_root(self.data.trusted_root)
        return parse_trusted_root(read_input(name, self._console, limit=DEFAULT_LIMITS.config_bytes), what=f"`{name}`")

    def signing_config(self, name: str = "") -> SigningConfig:
        """The services in the file `name`, else the mirror's."""
        from assaymark.attest.sigstore.signing_config import parse_signing_config

        if not name:
            return parse_signing_config(self.data.signing_config)
        return parse_signing_config(
            read_input(name, self._console, limit=DEFAULT_LIMITS.config_bytes), what=f"`{name}`"
        )


def sigstore_folder(args: Namespace, console: Console) -> Path:
    """Where trust data and unfinished attestations are kept."""
    from assaymark.advisories.cache import cache_folder

    return cache_folder(args.cache_dir, console.environ).own / "sigstore"
