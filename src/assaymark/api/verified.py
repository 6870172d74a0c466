"""What `assaymark.verify` hands over: attestations that were proven, and what stands beside them.

Everything here is made from bytes that were verified. No scanner code is loaded, unless somebody asks for
`VerifiedAttestation.report`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from assaymark.attest.compact import whole_record

if TYPE_CHECKING:
    from assaymark.api.report import Report


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed: a key, or an identity.

    Attributes:
        key: the reference of the key as it was given; empty for an identity.
        fingerprint: SHA-256 of the public key's encoding; empty for an identity.
        identity: the name in the certificate; empty for a key.
        issuer: who vouched for it.
    """

    key: str = ""
    fingerprint: str = ""
    identity: str = ""
    issuer: str = ""


class VerifiedAttestation(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation that passed every check.

    Attributes:
        digest: of the manifest or index that it is about.
        platform: of that manifest, where an index led to it; empty otherwise.
        type: the predicate type, a URI.
        predicate: the exact bytes that were signed.
        signer: who signed.
        time: when the signature is known to have existed, by a log or a timestamp authority; None where nobody trusted
            says so.
        format: `bundle` or `legacy`.
        manifest: the digest of the manifest that holds it.
        envelope: the DSSE envelope on one line, as cosign prints it.
        notes: what was not checked, and what else the reader should know.
        full_report: of a compact record, checked; empty for every other predicate.
    """

    digest: str
    platform: str
    type: str
    predicate: bytes
    signer: Signer
    time: datetime | None
    format: str
    manifest: str
    envelope: bytes
    notes: tuple[str, ...] = ()
    full_report: bytes = b""

    @property
    def record(self) -> bytes:
        """The vulnerability record, whole: of a compact one with its full report."""
        return whole_record(self.predicate, self.full_report) if self.full_report else self.predicate

    @property
    def report(self) -> Report:
        """The scan that a vulnerability record tells of.

        Raises:
            ArtifactError: the predicate is none.
        """
        from assaymark.api.report import Report

        return Report.read(self.record)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation that proves nothing: a stable reason, a message, and the digest of what holds it."""

    reason: str
    message: str
    manifest: str


class Superseded(msgspec.Struct, frozen=True, kw_only=True):
    """An attestation that a newer one of the same signer supersedes: the digests of what holds them.

    Attributes:
        by_word: whether only the signer says which is newer, because not both have a trusted time.
    """

    manifest: str
    by: str
    by_word: bool


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was proven of one image; there is one attestation at least.

    Attributes:
        image: how to name exactly what was verified: `registry/repository@sha256:…`, or the path of a layout; the
            index, where several of its platforms were.
        digest: of that manifest or index.
        attestations: those that passed every check; with a policy, the newest of each signer, which satisfy it.
        superseded: those that a newer one of the same signer supersedes.
        refused: those that passed not every check.
        warnings: what the caller should know, a line each.
    """

    image: str
    digest: str
    attestations: tuple[VerifiedAttestation, ...]
    superseded: tuple[Superseded, ...] = ()
    refused: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()
