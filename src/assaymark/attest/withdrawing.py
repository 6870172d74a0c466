"""Removes attestations with what was stored beside the image for them alone: the full reports of compact records.

1. A full report goes after the attestation that named it, never before: a record without its report cannot be verified.
2. It stays as long as anything that is attached to the image names it, whoever signed that, in either format, verified
   or not. Where something attached cannot be read, nobody knows what it names, and reports stay.
3. What goes is a manifest of the type `REPORT_TYPE` that refers to the image and whose only layer is that report: its
   digest was signed. Other artifacts, and other reports, are not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.compact import REPORT_TYPE, find_full_report
from assaymark.attest.dsse import parse_envelope
from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.statement import Statement, parse_statement
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Unreadable
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.referrers import list_referrers
from assaymark.attest.store.removal import Removal, Spot, remove_referrers, remove_spots
from assaymark.attest.store.updates import DEFAULT_PACE, Pace
from assaymark.errors import ArtifactError, NotFoundError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Manifest, parse_manifest


class Attestation(Protocol):
    """What is removed: `assaymark.attest.verify.Verified`, or an attestation proven against a trusted root."""

    @property
    def statement(self) -> Statement: ...  # noqa: D102 - as those types say
    @property
    def format(self) -> AttestationFormat: ...  # noqa: D102
    @property
    def manifest(self) -> Digest: ...  # noqa: D102
    @property
    def layer(self) -> Digest: ...  # noqa: D102


def spot_of(item: Attestation) -> Spot:
    """Where a verified attestation is, and the full report that would go with it."""
    report = full_report_of(item.statement)
    return Spot(format=item.format, manifest=item.manifest, layer=item.layer, full_report=report)


def full_report_of(statement: Statement) -> Digest | None:
    """The full report that a compact record names; None for all else."""
    if statement.predicate_type != VULN_TYPE:
        return None
    try:
        named = find_full_report(statement.predicate)
    except ValueError:
        return None
    return named.digest if named is not None else None


def withdraw(
    store: ContentStore,
    subject: Digest,
    spots: Iterable[Spot],
    *,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Removal:
    """Remove these attestations of `subject`, and full reports that nothing names any more.

    Raises:
        NetworkError: the registry cannot be asked, or does not let a tag be written.
        ArtifactError: something else is at a tag.
    """
    listed = tuple(spots)
    done = remove_spots(store, subject, listed, limits=limits, pace=pace)
    reports = {spot.full_report for spot in listed if spot.full_report is not None}
    orphaned = _orphaned(store, subject, reports, limits) if reports else frozenset[Digest]()
    if not orphaned:
        return done
    manifests = tuple(_holders(store, subject, orphaned, limits))
    return done + remove_referrers(store, subject, manifests, limits=limits, pace=pace)


def _orphaned(store: ContentStore, subject: Digest, reports: Iterable[Digest], limits: Limits) -> frozenset[Digest]:
    """Rule 2."""
    left = set(reports)
    for found in read_attestations(store, subject, limits=limits):
        if isinstance(found, Unreadable):
            return frozenset()
        try:
            statement = _claimed(found, limits)
        except VerificationError:
            return frozenset()
        if statement is not None:
            left -= {full_report_of(statement)}
    return frozenset(left)


def _claimed(candidate: Candidate, limits: Limits) -> Statement | None:
    """What an attestation says, without any verification; None where it is a signature alone."""
    if candidate.format is AttestationFormat.LEGACY:
        return parse_statement(parse_envelope(candidate.data, limits=limits).payload, limits=limits)
    envelope = parse_bundle(candidate.data, limits=limits).envelope
    return parse_statement(envelope.payload, limits=limits) if envelope is not None else None


def _holders(store: ContentStore, subject: Digest, reports: frozenset[Digest], limits: Limits) -> Iterator[Digest]:
    """Rule 3."""
    ours = dict.fromkeys(
        item.digest for item in list_referrers(store, subject, limits=limits) if item.artifact_type == REPORT_TYPE
    )
    for digest in list(ours)[: limits.referrers_fetched]:
        try:
            stored = store.manifest(digest)
            manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
        except (ArtifactError, NotFoundError):
            continue
        if not isinstance(manifest, Manifest) or manifest.subject is None or manifest.subject.digest != subject:
            continue
        layers = manifest.layers
        if len(layers) == 1 and layers[0].media_type == REPORT_TYPE and layers[0].digest in reports:
            yield digest
