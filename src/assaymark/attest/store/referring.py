"""Stores an artifact that refers to an image (OCI image-spec 1.1, `subject`).

One OCI manifest an artifact, pushed by digest: an empty config, one layer, the image as its `subject`. Where the
registry has no referrers API, an index at the tag `sha256-<hex>` lists the manifest (distribution-spec, "Pushing
Manifests with Subject"; `assaymark.attest.store.fallback_index`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.store.fallback_index import add_to_fallback
from assaymark.attest.store.updates import DEFAULT_PACE, Pace
from assaymark.errors import NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_EMPTY, OCI_MANIFEST, Descriptor
from assaymark.oci.content import ContentStore

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
        entry = msgspec.structs.replace(pushed, artifact_type=artifact_type, annotations=tuple(annotations.items()))
        add_to_fallback(store, subject.digest, [entry], limits=limits, pace=pace)
    elif pushed.digest not in {referrer.digest for referrer in listed}:
        raise NetworkError(
            f"`{store.name}` took `{pushed.digest}` but does not list it among the image's referrers",
            hint="`--attestation-format legacy` needs no referrers",
        )
    return pushed


def _reference(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
