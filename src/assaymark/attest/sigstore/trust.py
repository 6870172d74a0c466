"""The trust data of one run: a file that the user names, or what the TUF mirror vouches for, kept in a folder.

It is loaded when it is first needed, so that verifying with a key alone asks nobody but the registry, and once for
all threads. What was kept is renewed at most once in a run, when a signature was made with a service that it does not
know.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.attest.sigstore.signing_config import SigningConfig, parse_signing_config
from assaymark.attest.sigstore.trust_data import Renewal, TrustData, TrustSource, load_trust
from assaymark.attest.sigstore.trusted_root import TrustedRoot, parse_trusted_root
from assaymark.errors import Error
from assaymark.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from assaymark.attest.sigstore.attestations import ProvenVerification
    from assaymark.net.network import Network

_COSIGNS_FILES: Final = (
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "SIGSTORE_TSA_CERTIFICATE_FILE",
)
"""Variables by which cosign believes single keys and certificates in place of a trusted root."""


class TrustChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Where trust data comes from.

    Attributes:
        file: a trusted root that replaces the mirror's; empty for the mirror's.
        read: the content of a file that the user named.
        folder: where trust data is kept, unless `TUF_ROOT` names another folder.
        environ: the environment's variables.
        network: the way to the mirror; asked for when it is first needed.
        renews: whether the mirror may be asked ahead of time for what is kept; not where nobody can be reached.
        warn: takes a line that the user should read.
    """

    file: str
    read: Callable[[str], bytes]
    folder: Path
    environ: Mapping[str, str]
    network: Callable[[], Network]
    renews: bool
    warn: Callable[[str], None]
    limits: Limits = DEFAULT_LIMITS
    clock: Callable[[], float] = time.time


class Trust:
    """Whom to believe; safe to use from several threads."""

    def __init__(self, choice: TrustChoice) -> None:
        self._choice = choice
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

    def prove(self, attempt: Callable[[TrustedRoot], ProvenVerification]) -> ProvenVerification:
        """What `attempt` makes of the trusted root; and of a newer one for unknown services.

        Raises:
            Error: as `root`.
        """
        root = self.root()
        outcome = attempt(root)
        if outcome.may_be_outdated and (renewed := self._renewed_root(root)) is not root:
            return attempt(renewed)
        return outcome

    def signing_config(self, name: str = "") -> SigningConfig:
        """The services in the file `name`, else the mirror's.

        Raises:
            SigningError: the document is malformed.
            NetworkError, OfflineError: there is no trust data at hand that is recent enough.
            LocalError: the file cannot be read.
        """
        if not name:
            return parse_signing_config(self._first().signing_config)
        return parse_signing_config(self._choice.read(name), what=f"`{name}`")

    def _loaded_root(self) -> TrustedRoot:
        if self._root is None:
            name = self._choice.file
            if name:
                data = self._choice.read(name)
                self._root = parse_trusted_root(data, limits=self._choice.limits, what=f"`{name}`")
            else:
                self._warn_of_cosigns_files()
                self._root = self._take(self._first())
        return self._root

    def _renewed_root(self, known: TrustedRoot) -> TrustedRoot:
        """A newer trusted root than `known`, where the mirror has one; it is asked once more in a run."""
        with self._lock:
            if self._root is known and not self._renew():
                return known
            return self._loaded_root()

    def _renew(self) -> bool:
        before = self._data
        if before is None or before.source is TrustSource.MIRROR or self._renewed or not self._choice.renews:
            return False
        self._renewed = True
        try:
            after = self._load(now=True)
            changed = after.trusted_root != before.trusted_root
            if changed:
                self._root = self._take(after)
        except Error as exc:  # the reason of the refusal stands, and this is why nothing could be done about it
            self._choice.warn(f"the trust data could not be renewed: {exc}")
            return False
        return changed

    def _warn_of_cosigns_files(self) -> None:
        """Whoever names a private instance to cosign in variables must not take the public one for it."""
        for name in _COSIGNS_FILES:
            if self._choice.environ.get(name):
                self._choice.warn(f"{name} is not read: `--trusted-root FILE` says whom to believe")

    def _first(self) -> TrustData:
        """The mirror's trust data as this run found it."""
        if self._data is None:
            self._data = self._load(now=False)
        return self._data

    def _load(self, *, now: bool) -> TrustData:
        choice = self._choice
        data = load_trust(
            choice.folder,
            choice.environ,
            network=choice.network(),
            clock=choice.clock,
            limits=choice.limits,
            renewal=Renewal.NOW if now else Renewal.WHEN_DUE,
        )
        for warning in data.warnings:
            choice.warn(warning)
        return data

    def _take(self, data: TrustData) -> TrustedRoot:
        self._data = data
        return parse_trusted_root(data.trusted_root, limits=self._choice.limits, what="the trusted root of the mirror")
