"""Attestations that are signed and not finished: kept on disk, so that a service that is down loses nothing.

A file holds the envelope, the certificate and what was got so far, and names the services that are still to be asked.
There is no secret in it: no private key (the signature is made) and no token (the certificate is issued).

Rules: one file for each attestation, named by its signature's hash, readable by its owner alone, written whole or not
at all; bounded when it is read; removed when the attestation is finished. What it says is not trusted more than any
bundle is: it becomes a bundle, and a bundle is verified.

A certificate lives for minutes. A log of version 1 states when it saw the signature, and that must be within the
certificate's life; so where the only time is the log's, a pending attestation dies with its certificate
(`Pending.check_time`). With a timestamp, a log of version 2 may come at any time, for it states none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from assaymark.attest.bundle import LogEntry
from assaymark.attest.dsse import Envelope
from assaymark.attest.keys.public import parse_spki
from assaymark.attest.reasons import UNFINISHED
from assaymark.attest.sigstore.signing_config import Log
from assaymark.attest.sigstore.write import Gathered
from assaymark.errors import LocalError, NetworkError, SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.files import local_error, write_atomic
from assaymark.safeio.readers import read_bounded

FORMAT: Final = 1
_SUFFIX: Final = ".pending.json"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation between signing and the last service.

    Attributes:
        subject: what it is about, for people: `registry/repository@digest`.
        media_type: of what it is about: of an image's manifest, or `assaymark.attest.blob.MEDIA_TYPE`.
        predicate_type: the URI.
        spki: the public key.
        expires: when the certificate ends, in seconds since 1970; zero where a managed key signed.
        logs, authorities: what is still to be asked.
    """

    envelope: Envelope
    subject: str
    media_type: str = ""
    predicate_type: str
    spki: bytes
    certificate: bytes = b""
    chain: tuple[bytes, ...] = ()
    expires: float = 0.0
    log_entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()
    logs: tuple[Log, ...] = ()
    authorities: tuple[str, ...] = ()
    format: int = FORMAT

    @property
    def finished(self) -> bool:
        """Whether no service is left to be asked."""
        return not self.logs and not self.authorities

    @property
    def gathered(self) -> Gathered:
        """What was got so far."""
        return Gathered(
            public=parse_spki(self.spki),
            certificate=self.certificate,
            chain=self.chain,
            log_entries=self.log_entries,
            timestamps=self.timestamps,
        )

    def check_time(self, now: float) -> None:
        """Whether it can still be finished.

        Raises:
            SigningError: `CERTIFICATE_EXPIRED`.
        """
        if not self.certificate or now <= self.expires or self.finished:
            return
        # what is still to come would state a time after the certificate's end
        if self.authorities or any(log.version == 1 for log in self.logs):
            ended = datetime.fromtimestamp(self.expires, tz=UTC)
            raise SigningError(
                f"the certificate ended at {ended:%Y-%m-%d %H:%M:%S} UTC, before the services could vouch for the time",
                hint="sign again; certificates last minutes",
                reason="CERTIFICATE_EXPIRED",
            )


class UnfinishedError(NetworkError):
    """A service failed after signing; what was signed is kept.

    Attributes:
        path: where it is kept; None where it could not be.
    """

    def __init__(self, message: str, *, hint: str, path: Path | None) -> None:
        super().__init__(message, hint=hint, reason=UNFINISHED)
        self.path = path


class PendingStore:
    """A folder of pending attestations."""

    def __init__(self, folder: Path, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.folder = folder
        self._limits = limits

    def save(self, pending: Pending) -> Path:
        """Keep `pending`; one of the same signature is replaced.

        Raises:
            LocalError: the folder cannot be written.
        """
        path = self._path(pending)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as exc:
            raise local_error("create", self.folder, exc) from exc
        write_atomic(path, msgspec.json.encode(pending), mode=0o600)
        return path

    def load(self, path: Path) -> Pending:
        """The attestation in `path`.

        Raises:
            LocalError: the file cannot be read or is no pending attestation.
        """
        try:
            with path.open("rb") as stream:
                data = read_bounded(stream, limit=self._limits.pending_bytes, what=str(path))
        except OSError as exc:
            raise local_error("read", path, exc) from exc
        try:
            pending = msgspec.json.decode(data, type=Pending)
            parse_spki(pending.spki)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as exc:
            raise LocalError(f"`{path}` is no pending attestation: {exc}") from exc
        if pending.format != FORMAT or len(pending.envelope.signatures) != 1:
            raise LocalError(f"`{path}` is no pending attestation that this version can read")
        return pending

    def remove(self, pending: Pending) -> None:
        """Forget `pending`; a file that is gone already, or cannot be removed, is no failure."""
        try:
            self._path(pending).unlink(missing_ok=True)
        except OSError:
            return

    def listed(self) -> Iterator[Path]:
        """Every pending attestation, the oldest first."""
        found = []
        for path in self.folder.glob(f"*{_SUFFIX}"):
            with suppress(OSError):  # it was finished meanwhile
                found.append((path.stat().st_mtime_ns, path))
        for _, path in sorted(found):
            yield path

    def _path(self, pending: Pending) -> Path:
        name = hashlib.sha256(pending.envelope.signatures[0].sig).hexdigest()[:32]
        return self.folder / f"{name}{_SUFFIX}"
