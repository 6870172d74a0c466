"""The trust data of one command: a file that the user names, or what the TUF mirror vouches for, kept in the cache.

It is loaded when it is first needed, so that verifying with a key alone asks nobody but the registry, and once for
all threads. What was kept is
renewed at most once in a command, when a signature was made with a service that it does not know.
"""

from __future__ import annotations

import threading
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.files import read_input
from assaymark.errors import Error
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.sigstore.signing_config import SigningConfig
    from assaymark.attest.sigstore.trust_data import TrustData
    from assaymark.attest.sigstore.trusted_root import TrustedRoot
    from assaymark.cli.console import Console
    from assaymark.net.network import Network

_COSIGNS_FILES: Final = (
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "SIGSTORE_TSA_CERTIFICATE_FILE",
)
"""Variables by which cosign believes single keys and certificates in place of a trusted root."""


def trust_folder(args: Namespace, environ: Mapping[str, str]) -> Path:
    """Where trust data is kept, unless `TUF_ROOT` names another folder."""
    from assaymark.advisories.cache import cache_folder

    return cache_folder(args.cache_dir, environ).own / "sigstore"


class Trust:
    """Whom to believe, as the flags and the environment say."""

    def __init__(self, args: Namespace, console: Console, network: Callable[[], Network]) -> None:
        self._args = args
        self._console = console
        self._network = network
        self._lock = threading.RLock()
        self._root: TrustedRoot | None = None
        self._data: TrustData | None = None
        self._renewed = False

    def root(self) -> TrustedRoot:
        """The trusted root.

        Raises:
            VerificationError: it is malformed, or what the mirror serves cannot be trusted.
            NetworkError, OfflineError: there is none at hand that is recent enough.
            LocalError: the file cannot be read.
        """
        with self._lock:
            return self._loaded_root()

    def _loaded_root(self) -> TrustedRoot:
        from assaymark.attest.sigstore.trusted_root import parse_trusted_root

        if self._root is None:
            name = self._args.trusted_root
            if name:
                data = read_input(name, self._console, limit=DEFAULT_LIMITS.trust_metadata_bytes)
                self._root = parse_trusted_root(data, limits=DEFAULT_LIMITS, what=f"`{name}`")
            else:
                self._warn_of_cosigns_files()
                self._root = self._take(self._first())
        return self._root

    def signing_config(self, name: str = "") -> SigningConfig:
        """The services in the file `name`, else the mirror's.

        Raises:
            SigningError: the document is malformed.
            NetworkError, OfflineError: there is no trust data at hand that is recent enough.
            LocalError: the file cannot be read.
        """
        from assaymark.attest.sigstore.signing_config import parse_signing_config

        if not name:
            return parse_signing_config(self._first().signing_config)
        data = read_input(name, self._console, limit=DEFAULT_LIMITS.trust_metadata_bytes)
        return parse_signing_config(data, what=f"`{name}`")

    def renewed_root(self, known: TrustedRoot) -> TrustedRoot:
        """A newer trusted root than `known`, where the mirror has one; it is asked once more in a command."""
        with self._lock:
            if self._root is known and not self._renew():
                return known
            return self._loaded_root()

    def _renew(self) -> bool:
        from assaymark.attest.sigstore.trust_data import TrustSource

        before = self._data
        if before is None or before.source is TrustSource.MIRROR or self._renewed or self._args.offline:
            return False
        self._renewed = True
        try:
            after = self._load(now=True)
            changed = after.trusted_root != before.trusted_root
            if changed:
                self._root = self._take(after)
        except Error as exc:  # the reason of the refusal stands, and this is why nothing could be done about it
            self._console.warn(f"the trust data could not be renewed: {exc}")
            return False
        return changed

    def _warn_of_cosigns_files(self) -> None:
        """Whoever names a private instance to cosign in variables must not take the public one for it."""
        for name in _COSIGNS_FILES:
            if self._console.environ.get(name):
                self._console.warn(f"{name} is not read: `--trusted-root FILE` says whom to believe")

    def _first(self) -> TrustData:
        """The mirror's trust data as this command found it."""
        if self._data is None:
            self._data = self._load(now=False)
        return self._data

    def _load(self, *, now: bool) -> TrustData:
        from assaymark.attest.sigstore.trust_data import Renewal, load_trust

        environ = self._console.environ
        data = load_trust(
            trust_folder(self._args, environ),
            environ,
            network=self._network(),
            clock=time.time,
            limits=DEFAULT_LIMITS,
            renewal=Renewal.NOW if now else Renewal.WHEN_DUE,
        )
        for warning in data.warnings:
            self._console.warn(warning)
        return data

    def _take(self, data: TrustData) -> TrustedRoot:
        from assaymark.attest.sigstore.trusted_root import parse_trusted_root

        self._data = data
        return parse_trusted_root(data.trusted_root, limits=DEFAULT_LIMITS, what="the trusted root of the mirror")
