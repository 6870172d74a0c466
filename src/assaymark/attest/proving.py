"""What is attached to an image, proven with keys alone, or against a trusted root.

With keys alone nobody but the registry is asked: log entries and timestamps are counted, and said not to be looked at.
Against a trusted root everything that is there has to be right, and what is demanded has to be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from assaymark.attest.image import NamedImage
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.predicate import PredicateType
from assaymark.attest.store.attestation import SINGLE_FORMATS, AttestationFormat
from assaymark.attest.store.read import read_attestations
from assaymark.attest.subject import digests_of_manifest
from assaymark.attest.verify import Expectation, Verification, Verified, verify_attestations
from assaymark.errors import Error
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.platform import Platform

if TYPE_CHECKING:
    from assaymark.attest.judging import Judgement
    from assaymark.attest.policy.violation import Violation
    from assaymark.attest.sigstore import expectation as sigstore
    from assaymark.attest.sigstore.attestations import ProvenAttestation, ProvenVerification
    from assaymark.attest.sigstore.trust import Trust
    from assaymark.attest.sigstore.trusted_root import TrustedRoot


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Which of an image's attestations are looked at.

    Attributes:
        formats: both, or the `.att` tag alone.
        checks_subject: whether an attestation has to be about the image; False is the caller's own risk.
    """

    formats: tuple[AttestationFormat, ...] = SINGLE_FORMATS[AttestationFormat.BOTH]
    checks_subject: bool = True
    limits: Limits = DEFAULT_LIMITS


DEFAULT_READING = Reading()


class Proof(NamedTuple):
    """One image's verification.

    Attributes:
        keys: the references of keys, as typed, by their fingerprints.
        judgement: what the policy says of it; None where nobody was asked.
        platform: of an index; empty for what the name itself resolves to.
    """

    image: NamedImage
    keys: Mapping[str, str]
    verification: Verification | ProvenVerification
    judgement: Judgement[Verified | ProvenAttestation] | None = None
    platform: str = ""

    @property
    def counting(self) -> tuple[Verified | ProvenAttestation, ...]:
        """What is told and printed: with a policy what was judged, else all that was verified."""
        if self.judgement is None:
            return tuple(self.verification.verified)
        return tuple(each.item for each in self.judgement.judged)


class ImageOutcome(NamedTuple):
    """What became of one image, or of one platform of an index.

    Attributes:
        text: as typed.
        proof: None where the image or its attestations cannot be had.
        failure: why nothing is proven; None where something is.
        platform: of an index; empty for what the name itself resolves to.
        platforms: the same, to be compared.
        missing: where it stands for platforms that are not there: what the policy says of that.
    """

    text: str
    proof: Proof | None
    failure: Error | None = None
    platform: str = ""
    platforms: tuple[Platform, ...] = ()
    missing: tuple[Violation, ...] = ()

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.text} ({self.platform})" if self.platform else self.text


def prove_with_keys(
    image: NamedImage, keys: tuple[PublicKey, ...], wanted: PredicateType, *, reading: Reading = DEFAULT_READING
) -> Verification:
    """What keys' signatures alone prove.

    Raises:
        NetworkError: the registry cannot be asked.
    """
    about = digests_of_manifest(image.stored) if reading.checks_subject else None
    expected = Expectation(keys=keys, predicate_type=wanted, image=about)
    found = read_attestations(image.attachments, image.subject.digest, limits=reading.limits, formats=reading.formats)
    return verify_attestations(found, expected, limits=reading.limits)


def prove_against_root(
    image: NamedImage, expected: sigstore.Expectation, trust: Trust, *, reading: Reading = DEFAULT_READING
) -> ProvenVerification:
    """What every step proves; once more where newer trust data may know a service that is unknown.

    Args:
        image: what it has to be about.
        expected: all else; its artifact is filled in.
        trust: whom to believe.
        reading: what is looked at.

    Raises:
        NetworkError: the registry or the mirror cannot be asked.
        VerificationError: the trust data is malformed or cannot be trusted.
    """
    from assaymark.attest.sigstore.attestations import prove_attestations

    about = digests_of_manifest(image.stored) if reading.checks_subject else None
    wanted = msgspec.structs.replace(expected, artifact=about)

    def attempt(root: TrustedRoot) -> ProvenVerification:
        store, digest = image.attachments, image.subject.digest
        found = read_attestations(store, digest, limits=reading.limits, formats=reading.formats)
        return prove_attestations(found, wanted, root, limits=reading.limits)

    return trust.prove(attempt)
