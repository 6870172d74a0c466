"""What a registry says of an image without being asked to change anything: where attestations are, and which.

Only reads. Whether the registry takes writes is for `assaymark.attest.doctor.probe`, which somebody has to ask for.
Nothing is verified here: signers, times and types are what attestations say of themselves.

Rules:

1. A registry that answers the referrers API is believed alone, as by every reader; what an index at the fallback tag
   lists besides is seen by nobody, and told (`unlisted`).
2. An attestation's time is the latest that a log or a timestamp gives it; else when its manifest says that it was made.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from assaymark.attest.compact import find_full_report
from assaymark.attest.doctor.traits import Trait, among, traits_of
from assaymark.attest.doctor.verifiers import Prediction, predict_all
from assaymark.attest.inspection import LogPart, SignerPart, TimestampPart, inspect_candidate
from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Unreadable, fallback_tag
from assaymark.attest.store.fallback_index import fallback_referrers
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.tree import TAG_KINDS, Attachment, list_attachments
from assaymark.attest.vuln import decode_record
from assaymark.errors import ArtifactError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore

if TYPE_CHECKING:
    from assaymark.attest.inspection import Inspected
    from assaymark.attest.sigstore.trusted_root import TrustedRoot


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Keys in camel case."""


class Storage(_Part, frozen=True, kw_only=True):
    """Where a repository keeps what belongs to an image.

    Attributes:
        referrers_api: whether the registry answers it.
        fallback_tag: of the index that stands in for it.
        fallback_entries: how many manifests that index lists; None where there is none.
        unlisted: manifests that only that index lists although the registry answers the API: nobody sees them.
        tags: cosign's tags that exist, such as `.att`.
        problem: why the index cannot be read; empty where it can, or is none.
    """

    repository: str
    referrers_api: bool
    fallback_tag: str
    fallback_entries: int | None = None
    unlisted: tuple[Digest, ...] = ()
    tags: tuple[str, ...] = ()
    problem: str = ""


class Finding(_Part, frozen=True, kw_only=True):
    """One attestation, as it says of itself, and who will find it.

    Attributes:
        layer: the blob, which tells apart what is in one manifest.
        created: when it was made, rule 2; empty where nothing says so.
        created_by: what says so: `log`, `timestamp` or `manifest`.
        scanned: when the scan of a vulnerability record ended, by the signer's word.
        full_report: the digest of the full report behind a compact record; empty where there is none.
        problems: what cannot be read, or is not as it should be.
        verifiers: who will find it; nobody is asked of a signature of the image, which attests nothing.
    """

    format: AttestationFormat
    manifest: Digest
    layer: Digest
    size: int
    predicate_type: str
    signer: SignerPart | None
    created: str
    created_by: str
    scanned: str
    full_report: str
    log_entries: tuple[LogPart, ...]
    timestamps: tuple[TimestampPart, ...]
    traits: tuple[str, ...] = ()
    problems: tuple[str, ...]
    verifiers: tuple[Prediction, ...] = ()


class Trouble(_Part, frozen=True, kw_only=True):
    """Something that should be an attestation and could not be fetched."""

    manifest: Digest | None
    reason: str
    message: str


class Examination(_Part, frozen=True, kw_only=True):
    """What there is at an image; `others` is what refers to it and is no attestation."""

    storage: Storage
    attestations: tuple[Finding, ...]
    troubles: tuple[Trouble, ...]
    others: tuple[Attachment, ...]


def examine(
    store: ContentStore, digest: Digest, known: TrustedRoot, *, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> Examination:
    """Look at everything that is attached to an image.

    Args:
        store: where attestations of the image are.
        digest: the image's.
        known: whose logs are called by their names.
        now: for certificates that have ended.
        limits: the bounds.

    Raises:
        NetworkError: the registry cannot be asked.
    """
    attachments = _attachments(store, digest, limits)
    made = {item.manifest: item.created for item in attachments}
    seen: list[tuple[Finding, frozenset[Trait]]] = []
    troubles: list[Trouble] = []
    for item in read_attestations(store, digest, limits=limits):  # one in memory at a time
        if isinstance(item, Unreadable):
            troubles.append(Trouble(manifest=item.manifest, reason=item.reason.value, message=item.message))
        else:
            seen.append(_look(item, known, made.get(item.manifest, ""), now, limits))
    every = [traits for _, traits in seen]
    return Examination(
        storage=_storage(store, digest, limits),
        attestations=tuple(_predicted(finding, among(traits, every)) for finding, traits in seen),
        troubles=tuple(troubles),
        others=tuple(item for item in attachments if item.manifest not in {finding.manifest for finding, _ in seen}),
    )


def _storage(store: ContentStore, digest: Digest, limits: Limits) -> Storage:
    listed = store.referrers(digest)
    tag, entries, problem = fallback_tag(digest), None, ""
    unlisted: tuple[Digest, ...] = ()
    if store.resolve(tag) is not None:
        try:
            held = [entry.digest for entry in fallback_referrers(store, digest, limits=limits)]
        except ArtifactError as exc:
            problem = str(exc)
        else:
            entries = len(held)
            known = {entry.digest for entry in listed or ()}
            unlisted = () if listed is None else tuple(sorted(set(held) - known))
    return Storage(
        repository=store.name,
        referrers_api=listed is not None,
        fallback_tag=tag,
        fallback_entries=entries,
        unlisted=unlisted,
        tags=tuple(f".{suffix}" for suffix, _ in TAG_KINDS if store.resolve(f"{tag}.{suffix}") is not None),
        problem=problem,
    )


def _attachments(store: ContentStore, digest: Digest, limits: Limits) -> tuple[Attachment, ...]:
    try:
        return list_attachments(store, digest, limits=limits)
    except ArtifactError:  # an index that is none, which `Storage.problem` tells
        return ()


def _look(
    candidate: Candidate, known: TrustedRoot, made: str, now: datetime, limits: Limits
) -> tuple[Finding, frozenset[Trait]]:
    """What one attestation says of itself, without its bytes."""
    read: Inspected | None = None
    problems: tuple[str, ...]
    try:
        read = inspect_candidate(candidate, known, limits=limits)
        problems = read.inspection.problems
    except VerificationError as exc:
        problems = (str(exc),)
    created, created_by = _created(read, made)
    statement = read.statement if read else None
    record = statement.predicate if statement and statement.predicate_type == VULN_TYPE else b""
    finding = Finding(
        format=candidate.format,
        manifest=candidate.manifest,
        layer=candidate.layer,
        size=len(candidate.data),
        predicate_type=statement.predicate_type if statement else "",
        signer=read.inspection.signer if read else None,
        created=created,
        created_by=created_by,
        scanned=_scanned(record),
        full_report=_full_report(record),
        log_entries=read.inspection.log_entries if read else (),
        timestamps=read.inspection.timestamps if read else (),
        problems=problems,
    )
    return finding, traits_of(candidate, read, now=now)


def _predicted(finding: Finding, traits: frozenset[Trait]) -> Finding:
    return msgspec.structs.replace(
        finding,
        traits=tuple(trait.value for trait in Trait if trait in traits),
        verifiers=() if Trait.IMAGE_SIGNATURE in traits else predict_all(traits),
    )


def _created(inspected: Inspected | None, made: str) -> tuple[str, str]:
    """Rule 2."""
    if inspected is not None:
        logged = [entry.integrated_time for entry in inspected.inspection.log_entries if entry.integrated_time]
        stamped = [stamp.time for stamp in inspected.inspection.timestamps if stamp.time]
        told = [(time, "log") for time in logged] + [(time, "timestamp") for time in stamped]
        if told:
            return max(told)
    return made, "manifest" if made else ""


def _scanned(predicate: bytes) -> str:
    try:
        record = decode_record(predicate)
    except ValueError:
        return ""
    return (record.metadata.finished or "") if record.metadata else ""


def _full_report(predicate: bytes) -> str:
    try:
        named = find_full_report(predicate)
    except ValueError:
        return ""
    return named.digest if named else ""
