"""The index that stands in for a missing referrers API (distribution-spec, "Referrers Tag Schema").

1. It is at the tag `sha256-<hex>` of the subject's digest and lists what refers to it, sorted by digest, each entry
   with its artifact type *and* annotations. Entries and members of other tools stay as they are.
2. Others write it at the same time, so every change is made by `assaymark.attest.store.updates`.
3. `cosign copy` puts the image itself at that tag. That is no list of anything: it reads as an empty one, and the
   first entry takes its place; the image keeps its digest and its other tags.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from assaymark.attest.store.attestation import fallback_tag
from assaymark.attest.store.updates import DEFAULT_PACE, Pace, Revision, update_tag
from assaymark.errors import ArtifactError, LimitError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_INDEX, Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Index, parse_manifest
from assaymark.safeio.json import decode_strict


def fallback_referrers(store: ContentStore, digest: Digest, *, limits: Limits) -> tuple[Descriptor, ...]:
    """The entries of the index at the fallback tag; none where there is no such tag.

    Raises:
        ArtifactError: something else is there.
    """
    try:
        stored = store.manifest(fallback_tag(digest))
    except NotFoundError:
        return ()
    if stored.descriptor.digest == digest:
        return ()
    return _parse(stored, limits, where=store.name).manifests


def add_to_fallback(
    store: ContentStore,
    subject: Digest,
    referrers: Iterable[Descriptor],
    *,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> None:
    """List `referrers` beside those that are listed.

    Raises:
        NetworkError: the registry refuses, or others kept changing the tag.
        ArtifactError: something else is at the tag, or the index is full.
    """
    wanted = {referrer.digest: _entry(referrer) for referrer in referrers}

    def revise(present: StoredManifest | None) -> Revision:
        document, held = _read(store, present, subject, limits)
        new = [entry for digest, entry in wanted.items() if digest not in held]
        if not new:
            return Revision(data=None, media_type=OCI_INDEX)
        return Revision(data=_index(document, [*document["manifests"], *new], limits), media_type=OCI_INDEX)

    def holds(present: StoredManifest) -> bool:
        return wanted.keys() <= _read(store, present, subject, limits)[1]

    if wanted:
        update_tag(store, fallback_tag(subject), revise=revise, holds=holds, pace=pace)


def remove_from_fallback(
    store: ContentStore,
    subject: Digest,
    digests: Collection[Digest],
    *,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> None:
    """List these referrers no longer; an index that lists nothing stays, because its tag may be written by others.

    Raises:
        NetworkError: the registry refuses, or others kept changing the tag.
        ArtifactError: something else is at the tag.
    """
    unwanted = set(digests)

    def revise(present: StoredManifest | None) -> Revision:
        document, held = _read(store, present, subject, limits)
        if not held & unwanted:
            return Revision(data=None, media_type=OCI_INDEX)
        kept = [entry for entry in document["manifests"] if entry["digest"] not in unwanted]
        return Revision(data=_index(document, kept, limits), media_type=OCI_INDEX)

    def holds(present: StoredManifest) -> bool:
        return not _read(store, present, subject, limits)[1] & unwanted

    if unwanted & {entry.digest for entry in fallback_referrers(store, subject, limits=limits)}:
        update_tag(store, fallback_tag(subject), revise=revise, holds=holds, pace=pace)


def _read(
    store: ContentStore, present: StoredManifest | None, subject: Digest, limits: Limits
) -> tuple[dict[str, Any], set[Digest]]:
    """The document as it stands, and the digests that it lists."""
    if present is None or present.descriptor.digest == subject:
        return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}, set()
    listed = _parse(present, limits, where=store.name).manifests
    document = decode_strict(present.data, limits=limits, what="the index of referrers")
    return {**document, "manifests": document["manifests"] or []}, {entry.digest for entry in listed}


def _parse(stored: StoredManifest, limits: Limits, *, where: str) -> Index:
    index = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    if not isinstance(index, Index):
        raise ArtifactError(
            f"the tag for referrers in `{where}` holds `{stored.descriptor.media_type}`, not an index;"
            " it is left as it is"
        )
    return index


def _entry(referrer: Descriptor) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "mediaType": referrer.media_type,
        "digest": referrer.digest,
        "size": referrer.size,
        "artifactType": referrer.artifact_type,
        "annotations": dict(referrer.annotations),
    }
    return {name: value for name, value in entry.items() if value not in ("", {})}


def _index(document: dict[str, Any], entries: list[dict[str, Any]], limits: Limits) -> bytes:
    ordered = sorted(entries, key=lambda item: str(item["digest"]))
    data = msgspec.json.encode(document | {"manifests": ordered})
    if len(entries) > limits.referrers_listed or len(data) > limits.manifest_bytes:
        raise LimitError(
            f"the index of referrers is full: {len(entries)} entries, {len(data)} bytes",
            hint="`assaymark prune` removes old attestations of this image; or use a registry with a referrers API",
        )
    return data
