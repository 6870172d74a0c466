"""The full reports behind compact records (`assaymark.attest.compact`): stored, fetched and checked.

A full report is an artifact of its own, of the type `REPORT_TYPE`, whose `subject` is the image: registries keep it as
long as the image, and listings show it. Its manifest says nothing but that, so that the same report is stored once.

Whoever verifies has the report's digest and size from the signed predicate, and asks for exactly these bytes; no list
of referrers is believed. Rules, with their reasons:

1. it is there: `FULL_REPORT_MISSING`;
2. it is not larger than `Limits.attestation_bytes`: `LIMIT_EXCEEDED`;
3. it has the digest and the size that were signed, and the compact record is exactly its short form:
   `FULL_REPORT_MISMATCH`.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.attest.compact import REPORT_TYPE, find_full_report, is_short_of
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.store.referrers import list_referrers
from assaymark.attest.store.referring import push_referrer
from assaymark.attest.store.updates import DEFAULT_PACE, Pace
from assaymark.errors import ArtifactError, DigestMismatchError, LimitError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Manifest, parse_manifest


def push_full_report(
    store: ContentStore,
    subject: Descriptor,
    report: bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Descriptor:
    """Store a full report beside an image; returns the descriptor of its manifest.

    Raises:
        NetworkError: the registry refuses, or does not list what it took.
    """
    return push_referrer(store, subject, report, artifact_type=REPORT_TYPE, annotations={}, limits=limits, pace=pace)


def check_full_report(store: ContentStore, predicate: bytes, *, limits: Limits = DEFAULT_LIMITS) -> bytes | None:
    """The full report behind a verified predicate, checked; None where the predicate is no compact record.

    Args:
        store: where attestations of the image are.
        predicate: the exact bytes that were verified.
        limits: the bounds.

    Raises:
        VerificationError: it is missing, too large, or another one.
        NetworkError: the registry cannot be asked.
    """
    try:
        named = find_full_report(predicate)
    except ValueError as exc:
        raise refuse(Reason.FULL_REPORT_MISMATCH, f"the compact record names no report: {exc}") from exc
    if named is None:
        return None
    report = _fetch(store, named, limits)
    try:
        is_same = is_short_of(predicate, report, limits=limits)
    except LimitError as exc:
        raise refuse(Reason.LIMIT_EXCEEDED, f"the full report cannot be read: {exc}") from exc
    except ArtifactError as exc:
        raise refuse(Reason.FULL_REPORT_MISMATCH, f"the full report cannot be read: {exc}") from exc
    if not is_same:
        raise refuse(
            Reason.FULL_REPORT_MISMATCH,
            f"the findings of the full report `{named.digest}` are not those that were signed",
        )
    return report


def stored_reports(store: ContentStore, digest: Digest, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """Every full report that refers to `digest`, in order of their manifests' digests; nothing is proven of them.

    Raises:
        ArtifactError: one of them is malformed or is not what its manifest says.
        NetworkError: the registry cannot be asked.
    """
    listed = list_referrers(store, digest, limits=limits)
    ours = sorted({item.digest for item in listed if item.artifact_type == REPORT_TYPE})
    for manifest in ours[: limits.referrers_fetched]:
        stored = store.manifest(manifest)
        parsed = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
        layers = parsed.layers if isinstance(parsed, Manifest) else ()
        for layer in layers:
            if layer.media_type == REPORT_TYPE:
                yield store.read_blob(layer, limit=limits.attestation_bytes)


def _fetch(store: ContentStore, named: Descriptor, limits: Limits) -> bytes:
    what = f"the full report `{named.digest}`"
    try:
        return store.read_blob(named, limit=limits.attestation_bytes)
    except LimitError as exc:
        raise refuse(Reason.LIMIT_EXCEEDED, f"{what} is too large: {exc}") from exc
    except DigestMismatchError as exc:
        raise refuse(Reason.FULL_REPORT_MISMATCH, f"{what} is not what was signed: {exc}") from exc
    except (NotFoundError, ArtifactError) as exc:  # the latter where a layout has no such file
        raise refuse(
            Reason.FULL_REPORT_MISSING,
            f"{what} is not in `{store.name}`",
            hint="attest again, or copy the image with everything that refers to it",
        ) from exc
