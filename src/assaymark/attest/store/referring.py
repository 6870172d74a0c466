"""Stores an artifact that refers to an image (OCI image-spec 1.1, `subject`).

One OCI manifest an artifact, pushed by digest: an empty config, one layer, the image as its `subject`. Where the
registry has no referrers API, an index at the tag `sha256-<hex>` lists the manifest (distribution-spec, "Pushing
Manifests with Subject"). Its entries carry the artifact type *and* the annotations, are sorted by digest, and entries
of other tools stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.store.attestation import fallback_tag
from assaymark.attest.store.updates import DEFAULT_PACE, Pace, Revision, update_tag
from assaymark.errors import ArtifactError, LimitError, NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Index, parse_manifest
from assaymark.safeio.json import decode_strict

_EMPTY: Final = b"{}"


def push_referrer(
    store: ContentStore,
    subject: Descriptor,
    data: bytes,
    *,
    artifact_type: str,
    annotations: Mapping[str, str],
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Descriptor:
    """Store `data` as a referrer of `subject`; returns the descriptor of its manifest.

    Args:
        store: where it goes; the subject may be elsewhere.
        subject: what the image resolves to.
        data: the only layer.
        artifact_type: of the manifest, and the media type of the layer. `cosign clean` looks for it inside `config`.
        annotations: of the manifest; the same ones on the same bytes give the same digest.
        limits: the bounds.
        pace: how the fallback tag is written.

    Raises:
        NetworkError: the registry refuses, or does not list what it took.
    """
    config = store.push_blob(_EMPTY, media_type=OCI_EMPTY)
    layer = store.push_blob(data, media_type=artifact_type)
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": _reference(config) | {"artifactType": artifact_type},
        "layers": [_reference(layer)],
        "subject": _reference(subject),
    }
    if annotations:
        document["annotations"] = annotations
    pushed = store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST, artifact_type=artifact_type)
    listed = store.referrers(subject.digest)
    if listed is None:
        entry = _reference(pushed) | {"artifactType": artifact_type}
        if annotations:
            entry["annotations"] = annotations
        _add_to_fallback(store, subject, entry, limits=limits, pace=pace)
    elif pushed.digest not in {referrer.digest for referrer in listed}:
        raise NetworkError(
            f"`{store.name}` took `{pushed.digest}` but does not list it among the image's referrers",
            hint="`--attestation-format legacy` needs no referrers",
        )
    return pushed


def _reference(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def _add_to_fallback(
    store: ContentStore, subject: Descriptor, entry: dict[str, Any], *, limits: Limits, pace: Pace
) -> None:
    def revise(present: StoredManifest | None) -> Revision:
        return Revision(data=_with_entry(present, entry, limits), media_type=OCI_INDEX)

    def holds(present: StoredManifest) -> bool:
        return entry["digest"] in _entry_digests(present, limits)

    update_tag(store, fallback_tag(subject.digest), revise=revise, holds=holds, pace=pace)


def _entry_digests(present: StoredManifest, limits: Limits) -> set[str]:
    index = parse_manifest(present.data, present.descriptor.media_type, limits=limits)
    if not isinstance(index, Index):
        raise ArtifactError(
            f"the tag for referrers holds `{present.descriptor.media_type}`, not an index; it is left as it is"
        )
    return {entry.digest for entry in index.manifests}


def _with_entry(present: StoredManifest | None, entry: dict[str, Any], limits: Limits) -> bytes | None:
    """The index with one entry more; None where it has it already. Members that are not ours stay."""
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    if present is not None:
        if entry["digest"] in _entry_digests(present, limits):
            return None
        document = decode_strict(present.data, limits=limits, what="the index of referrers")
    entries = sorted([*(document["manifests"] or ()), entry], key=lambda item: str(item["digest"]))
    data = msgspec.json.encode(document | {"manifests": entries})
    if len(entries) > limits.referrers_listed or len(data) > limits.manifest_bytes:
        raise LimitError(
            f"the index of referrers is full: {len(entries)} entries, {len(data)} bytes",
            hint="remove old attestations of this image, or use a registry with a referrers API",
        )
    return data
