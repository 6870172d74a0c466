"""What a verification found out. A `Proof` is made by `assaymark.attest.sigstore.verify` alone."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final, final

import msgspec

from assaymark.attest.dsse import Envelope
from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.reasons import Reason
from assaymark.attest.sigstore.certificate import SigningCertificate
from assaymark.attest.sigstore.identity import Identity
from assaymark.attest.sigstore.rekor import VerifiedEntry
from assaymark.attest.sigstore.timestamp import VerifiedTimestamp
from assaymark.attest.sigstore.trusted_root import Authority, TrustedLog
from assaymark.attest.skipped import LOG, TIMESTAMP
from assaymark.attest.statement import Statement


class CheckName(Enum):
    """What was looked at."""

    SIGNATURE = "signature"
    LOG = LOG
    TIMESTAMP = TIMESTAMP
    CERTIFICATE = "certificate"
    SCT = "certificate log"
    IDENTITY = "identity"
    TYPE = "predicate type"
    SUBJECT = "subject"
    PREDICATE = "predicate"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: that it passed, or that it was not made and why.

    Attributes:
        reason: what was missing, where something was and nobody had asked to ignore it.
    """

    name: CheckName
    passed: bool
    detail: str
    reason: Reason | None = None


class Certified(msgspec.Struct, frozen=True, kw_only=True):
    """A signer with a certificate.

    Attributes:
        authority: who issued it.
        ct_logs: who saw it; empty where nobody looked.
        identity: what was asked for and fits; None where anybody was welcome.
        assumed_time: the caller's word about the time, where nothing better was there.
    """

    certificate: SigningCertificate
    authority: Authority
    ct_logs: tuple[TrustedLog, ...]
    identity: Identity | None
    assumed_time: datetime | None = None


Signer = PublicKey | Certified
_TOKEN: Final = object()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof is made of."""

    signer: Signer
    scheme: Scheme
    envelope: Envelope | None
    statement: Statement | None
    entries: tuple[VerifiedEntry, ...]
    timestamps: tuple[VerifiedTimestamp, ...]
    checks: tuple[Check, ...]


@final
class Proof:
    """A signature that passed every step.

    Attributes:
        signer: the key, or the certificate and what vouches for it.
        scheme: how it signed.
        envelope: what was signed; None for a signature over an artifact itself.
        statement: what was claimed, from the verified bytes; None for a signature over an artifact itself.
        entries: the log entries that were verified.
        timestamps: the timestamps that were verified.
        checks: every check, those that were skipped too.
    """

    __slots__ = ("checks", "entries", "envelope", "scheme", "signer", "statement", "timestamps")

    def __init__(self, token: object, evidence: Evidence) -> None:
        if token is not _TOKEN:
            raise TypeError("only verification makes a `Proof`")
        self.signer: Final = evidence.signer
        self.scheme: Final = evidence.scheme
        self.envelope: Final = evidence.envelope
        self.statement: Final = evidence.statement
        self.entries: Final = evidence.entries
        self.timestamps: Final = evidence.timestamps
        self.checks: Final = evidence.checks

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError("a `Proof` does not change")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a `Proof` does not change")

    @property
    def times(self) -> tuple[datetime, ...]:
        """When the signature is known to have existed, earliest first."""
        integrated = [entry.integrated for entry in self.entries if entry.integrated is not None]
        return tuple(sorted([*integrated, *(timestamp.moment for timestamp in self.timestamps)]))

    @property
    def skipped(self) -> tuple[Check, ...]:
        """The checks that were not made."""
        return tuple(check for check in self.checks if not check.passed)


def prove(evidence: Evidence) -> Proof:
    """For `assaymark.attest.sigstore.verify`, when all steps have passed."""
    return Proof(_TOKEN, evidence)
