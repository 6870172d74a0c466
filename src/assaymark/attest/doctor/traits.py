"""What of an attestation decides whether a verifier finds it, read and not verified.

Traits are what the rules of `assaymark.attest.doctor.verifiers` are about. They come from the attestation itself
(`assaymark.attest.inspection`) and from what lies beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from assaymark.attest.store.attestation import AttestationFormat, Candidate
from assaymark.model.moment import parse_time

if TYPE_CHECKING:
    from assaymark.attest.inspection import Inspected, Inspection

LARGE_BYTES: Final = 10_000_000
"""More than Kyverno reads of one bundle (`maxLayerSize`)."""

_SIGNED_IMAGE: Final = "https://sigstore.dev/cosign/sign/v1"
_SECOND_GENERATION: Final = frozenset({"dsse 0.0.2", "hashedrekord 0.0.2"})


class Trait(Enum):
    """One fact; the value is how tables call it."""

    BUNDLE = "bundle"
    LEGACY = "legacy"
    KEY = "signed with a key"
    CERTIFICATE = "signed with an identity"
    NO_LOG = "no log entry"
    SEVERAL_LOGS = "several log entries"
    SECOND_LOG = "log of version 2"
    TIMESTAMP = "timestamp"
    NO_TIMESTAMP = "no timestamp"
    EXPIRED = "the certificate has ended"
    BESIDE_BUNDLES = "there are bundles"
    TEXT_PREDICATE = "the predicate is a string"
    FOREIGN_MEMBERS = "unknown members in the statement"
    KEY_ID = "a `keyid` that is no fingerprint"
    OLD_BUNDLE = "bundle older than 0.3"
    IMAGE_SIGNATURE = "a signature of the image, not an attestation"
    LARGE = "more than 10 MB"
    UNREADABLE = "cannot be read"


def traits_of(candidate: Candidate, inspected: Inspected | None, *, now: datetime) -> frozenset[Trait]:
    """The traits of one attestation, by itself.

    Args:
        candidate: what was found.
        inspected: what is in it; None where it cannot be read.
        now: whether a certificate has ended depends on it.
    """
    traits = {Trait.LEGACY if candidate.format is AttestationFormat.LEGACY else Trait.BUNDLE}
    if len(candidate.data) > LARGE_BYTES:
        traits.add(Trait.LARGE)
    if inspected is None:
        return frozenset(traits | {Trait.UNREADABLE})
    found = inspected.inspection
    return frozenset(traits | _signer(found, now) | _evidence(found) | _content(inspected))


def among(traits: frozenset[Trait], others: Iterable[frozenset[Trait]]) -> frozenset[Trait]:
    """The traits of an attestation among all that the image has: a layer may be hidden by bundles.

    What cosign takes for a bundle counts, whatever it is about.
    """
    not_taken = {Trait.LEGACY, Trait.UNREADABLE, Trait.OLD_BUNDLE}
    if Trait.LEGACY in traits and any(not_taken.isdisjoint(each) for each in others):
        return traits | {Trait.BESIDE_BUNDLES}
    return traits


def _signer(found: Inspection, now: datetime) -> set[Trait]:
    if found.signer.kind == "key":
        foreign = any(not key_id.startswith("SHA256:") for key_id in found.content.key_ids)
        return {Trait.KEY, Trait.KEY_ID} if foreign else {Trait.KEY}
    ended = parse_time(found.signer.not_after)
    return {Trait.CERTIFICATE, Trait.EXPIRED} if ended is not None and ended < now else {Trait.CERTIFICATE}


def _evidence(found: Inspection) -> set[Trait]:
    traits = {Trait.TIMESTAMP if found.timestamps else Trait.NO_TIMESTAMP}
    if not found.log_entries:
        traits.add(Trait.NO_LOG)
    if len(found.log_entries) > 1:
        traits.add(Trait.SEVERAL_LOGS)
    if found.log_entries and all(entry.kind in _SECOND_GENERATION for entry in found.log_entries):
        traits.add(Trait.SECOND_LOG)
    return traits


def _content(inspected: Inspected) -> set[Trait]:
    traits, statement = set[Trait](), inspected.statement
    if _is_old(inspected.inspection.media_type):
        traits.add(Trait.OLD_BUNDLE)
    if statement is None:
        is_envelope = inspected.inspection.content.kind == "envelope"
        return traits | {Trait.UNREADABLE if is_envelope else Trait.IMAGE_SIGNATURE}
    if statement.predicate_type == _SIGNED_IMAGE:
        traits.add(Trait.IMAGE_SIGNATURE)
    if statement.predicate.startswith(b'"'):
        traits.add(Trait.TEXT_PREDICATE)
    if statement.extra:
        traits.add(Trait.FOREIGN_MEMBERS)
    return traits


def _is_old(media_type: str) -> bool:
    """Whether it is a bundle of a version that readers of registries pass over."""
    return any(mark in media_type for mark in ("version=0.1", "version=0.2", "bundle.v0.1+", "bundle.v0.2+"))
