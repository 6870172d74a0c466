"""Storing an attestation, on its own or in place of the signer's older ones (`--replace`).

1. What goes is what verifies as the same signer's, of the same type and about the same image, in the formats that are
   written now. What others signed stays, cosign's with other keys included, and so does what cannot be verified.
2. It was there before the new one was written: of two jobs that replace at the same time neither removes what the other
   has just attached.
3. It goes when the new one has been read back and verified. A registry that refuses is told of; the new attestation is
   in place all the same, and the newest counts (`assaymark.attest.newest`).
4. Full reports of compact records go with them, where nothing names them any more (`assaymark.attest.withdrawing`).
"""

from __future__ import annotations

import msgspec

from assaymark.attest.attach import Attached, Attestation, Signing, attach
from assaymark.attest.store.attestation import SINGLE_FORMATS, AttestationFormat
from assaymark.attest.store.legacy_store import APPENDING, LegacyManner
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.removal import Removal, Spot
from assaymark.attest.store.updates import DEFAULT_PACE, Pace
from assaymark.attest.withdrawing import withdraw
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import sha256_digest
from assaymark.oci.content import ContentStore


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Where an attestation was stored, and what it replaced."""

    attached: tuple[Attached, ...]
    replaced: Removal = Removal()


def store_attestation(
    signing: Signing,
    store: ContentStore,
    attestation: Attestation,
    *,
    format: AttestationFormat,  # noqa: A002 - the name of the flag
    created: str,
    replace: bool = False,
    manner: LegacyManner = APPENDING,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Stored:
    """Attach, read back, verify, and remove what is replaced.

    Args:
        signing: how it was signed.
        store: where it is stored.
        attestation: what is stored.
        format: bundle, legacy or both.
        created: RFC 3339, for the manifest's annotation.
        replace: whether the signer's older ones go.
        manner: how the `.att` tag is written.
        limits: the bounds.
        pace: how contended tags are written.

    Raises:
        NetworkError: the registry refuses to store it.
        SigningError: what was stored cannot be verified.
        ArtifactError: something else is at a tag that is needed.
    """
    digest = attestation.subject.digest
    older: tuple[Spot, ...] = ()
    if replace:
        found = read_attestations(store, digest, limits=limits, formats=SINGLE_FORMATS[format])
        older = signing.find_own(found, attestation, limits=limits)
    attached = attach(store, attestation, format=format, created=created, manner=manner, limits=limits, pace=pace)
    signing.confirm(store, attestation, attached, limits=limits)
    goes = [spot for spot in older if not _is_new(spot, attestation, attached)]
    return Stored(attached=attached, replaced=withdraw(store, digest, goes, limits=limits, pace=pace))


def _is_new(spot: Spot, attestation: Attestation, attached: tuple[Attached, ...]) -> bool:
    """Whether a spot is where the new one is: a key may sign the same twice alike."""
    if spot.format is AttestationFormat.LEGACY:
        return spot.layer == sha256_digest(attestation.legacy)
    return spot.manifest in {item.manifest.digest for item in attached}
