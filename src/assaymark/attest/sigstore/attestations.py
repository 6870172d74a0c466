"""Attestations of an image, verified against a trusted root: certificates, logs and timestamps, or a key with its log.

Pure: what is attached was fetched before (`assaymark.attest.store.read`), and the steps are those of
`assaymark.attest.sigstore.verify`. Bundles are read in every version, layers at the `.att` tag with the annotations
beside them. One candidate that fails does not spoil the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.dsse import Envelope, encode_line
from assaymark.attest.outcome import Outcome, Rejected
from assaymark.attest.reasons import Reason
from assaymark.attest.sigstore.expectation import Expectation
from assaymark.attest.sigstore.material import Material, material_of_bundle, material_of_layer
from assaymark.attest.sigstore.proof import Certified, CheckName, Proof
from assaymark.attest.sigstore.trusted_root import TrustedRoot
from assaymark.attest.sigstore.verify import verify_material
from assaymark.attest.skipped import not_checked
from assaymark.attest.statement import Statement, parse_statement
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Found, Unreadable
from assaymark.errors import VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest

UNKNOWN_SERVICES: Final = frozenset(
    {
        Reason.UNTRUSTED_CERTIFICATE,
        Reason.UNKNOWN_LOG,
        Reason.UNKNOWN_TIMESTAMP_AUTHORITY,
        Reason.UNKNOWN_CT_LOG,
    }
)
"""Reasons that newer trust data may take away: a service began to work after it was obtained."""


class ProvenAttestation(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """An attestation that passed every step; its proof can be made by verification alone.

    Attributes:
        candidate: where it was found.
        proof: who signed, what was claimed, and every check that was made or skipped.
        line: the envelope on one line, as cosign prints it.
    """

    candidate: Candidate
    proof: Proof
    line: bytes

    @property
    def statement(self) -> Statement:
        """What was claimed, from the verified bytes."""
        assert self.proof.statement is not None  # an attestation is an envelope, and that was checked
        return self.proof.statement

    @property
    def payload(self) -> bytes:
        """The statement's exact bytes, as signed."""
        assert self.proof.envelope is not None
        return self.proof.envelope.payload

    @property
    def signed_by(self) -> str:
        """Who signed, for comparing signers: a key's fingerprint, or a name with the issuer that vouches for it."""
        signer = self.proof.signer
        if isinstance(signer, Certified):
            return msgspec.json.encode((signer.certificate.identity, signer.certificate.issuer)).decode()
        return signer.fingerprint

    @property
    def format(self) -> AttestationFormat:
        """How it is stored."""
        return self.candidate.format

    @property
    def manifest(self) -> Digest:
        """The manifest that holds it."""
        return self.candidate.manifest

    @property
    def layer(self) -> Digest:
        """The blob that holds it."""
        return self.candidate.layer

    @property
    def subject_checked(self) -> bool:
        """False where the caller asked not to compare subjects."""
        return all(check.passed for check in self.proof.checks if check.name is CheckName.SUBJECT)

    @property
    def times(self) -> tuple[datetime, ...]:
        """When the signature is known to have existed, earliest first."""
        return self.proof.times

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know besides: first the checks that were not made.

        That there is no timestamp beside an entry's own time is no check that somebody left out.
        """
        skipped = [check for check in self.proof.skipped if check.reason is not Reason.NO_TIMESTAMP]
        notes = [not_checked(check.name.value, check.detail) for check in skipped]
        if self.statement.extra:
            notes.append(f"cosign refuses the statement's members: {', '.join(self.statement.extra)}")
        return tuple(notes)


class ProvenVerification(Outcome[ProvenAttestation]):
    """The outcome of verification against a trusted root."""

    @property
    def may_be_outdated(self) -> bool:
        """Whether nothing passed, and something failed for a service that newer trust data may know."""
        return not self.verified and any(item.reason in UNKNOWN_SERVICES for item in self.rejected)


def prove_attestations(
    found: Iterable[Found], expected: Expectation, trust: TrustedRoot, *, limits: Limits = DEFAULT_LIMITS
) -> ProvenVerification:
    """Verify every candidate of both formats.

    Args:
        found: what is attached to the image.
        expected: what must be proven; its predicate type is not None.
        trust: whom to believe.
        limits: bounds.
    """
    assert expected.predicate_type is not None
    verified: list[ProvenAttestation] = []
    rejected: list[Rejected] = []
    for item in found:
        if isinstance(item, Unreadable):
            rejected.append(Rejected(reason=item.reason, message=item.message, manifest=item.manifest))
            continue
        outcome = prove_candidate(item, expected, trust, limits=limits)
        if isinstance(outcome, ProvenAttestation):
            verified.append(outcome)
        else:
            rejected.append(outcome)
    return ProvenVerification(verified=verified, rejected=rejected, wanted=expected.predicate_type.uri)


def prove_candidate(
    candidate: Candidate, expected: Expectation, trust: TrustedRoot, *, limits: Limits = DEFAULT_LIMITS
) -> ProvenAttestation | Rejected:
    """All steps for one candidate."""
    material: Material | None = None
    try:
        material = read_material(candidate, limits=limits)
        proof = verify_material(material, expected, trust, limits=limits)
    except VerificationError as exc:
        reason = Reason(exc.reason)
        return Rejected(
            reason=reason,
            message=str(exc),
            manifest=candidate.manifest,
            format=candidate.format,
            predicate_type=_claimed_type(material, limits) if reason is Reason.WRONG_TYPE else "",
        )
    assert proof.envelope is not None  # step 3: an attestation was asked for
    return ProvenAttestation(candidate=candidate, proof=proof, line=_line(candidate, proof.envelope))


def read_material(candidate: Candidate, *, limits: Limits = DEFAULT_LIMITS) -> Material:
    """What is to be verified of a candidate; nothing of it is verified by reading.

    Raises:
        VerificationError: it cannot be read in exactly one way (step 1).
    """
    if candidate.format is AttestationFormat.LEGACY:
        return material_of_layer(candidate.data, dict(candidate.annotations), limits=limits)
    return material_of_bundle(parse_bundle(candidate.data, limits=limits))


def _claimed_type(material: Material | None, limits: Limits) -> str:
    """What a statement claims to be; its signature was good, because the type is compared after that."""
    assert material is not None
    assert material.envelope is not None
    return parse_statement(material.envelope.payload, limits=limits).predicate_type


def _line(candidate: Candidate, envelope: Envelope) -> bytes:
    stored = candidate.data
    as_stored = candidate.format is AttestationFormat.LEGACY and b"\n" not in stored and b"\r" not in stored
    return stored if as_stored else encode_line(envelope)
