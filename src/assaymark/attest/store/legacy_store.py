"""Stores envelopes at the tag `sha256-<hex>.att`, the format of cosign 1 and 2.

An image manifest whose layers are DSSE envelopes, uncompressed, so that diff_ids are the layers' digests. Each layer
carries cosign's signature annotation, which must exist and is empty for attestations, and names the predicate type.

An attestation is appended: the layers that are there stay, in order and with their annotations; the configuration,
which says nothing, is made anew. An envelope that is there already is not added again.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.attest.dsse import DSSE_ENVELOPE
from assaymark.attest.store.attestation import legacy_tag
from assaymark.attest.store.read import SIGNATURE_ANNOTATION
from assaymark.attest.store.updates import DEFAULT_PACE, Pace, Revision, update_tag
from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Manifest, parse_manifest
from assaymark.safeio.json import decode_strict

PREDICATE_TYPE: Final = "predicateType"
_NO_TIME: Final = "0001-01-01T00:00:00Z"  # Go's zero time, which cosign writes to keep the digest stable


def push_legacy(
    store: ContentStore,
    subject: Descriptor,
    envelope: bytes,
    *,
    predicate_type: str,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Descriptor:
    """Append `envelope` at the `.att` tag of `subject`; returns the descriptor of the manifest there.

    Raises:
        NetworkError: the registry refuses, or others kept changing the tag.
        ArtifactError: what is at the tag are no attestations.
    """
    layer = store.push_blob(envelope, media_type=DSSE_ENVELOPE)
    entry = _reference(layer) | {"annotations": {SIGNATURE_ANNOTATION: "", PREDICATE_TYPE: predicate_type}}

    def revise(present: StoredManifest | None) -> Revision:
        layers = _present_layers(present, limits)
        if any(existing["digest"] == layer.digest for existing in layers):
            return Revision(data=None, media_type=OCI_MANIFEST)
        return Revision(data=_manifest(store, [*layers, entry], limits), media_type=OCI_MANIFEST)

    def holds(present: StoredManifest) -> bool:
        return any(existing["digest"] == layer.digest for existing in _present_layers(present, limits))

    return update_tag(store, legacy_tag(subject.digest), revise=revise, holds=holds, pace=pace)


def _present_layers(present: StoredManifest | None, limits: Limits) -> list[dict[str, Any]]:
    """The layers at the tag, as they are written there: checked, and then kept member by member."""
    if present is None:
        return []
    manifest = parse_manifest(present.data, present.descriptor.media_type, limits=limits)
    if not isinstance(manifest, Manifest):
        raise ArtifactError("the tag for attestations holds an index; it is left as it is")
    document = decode_strict(present.data, limits=limits, what="the manifest of attestations")
    return list(document["layers"] or ())


def _manifest(store: ContentStore, layers: list[dict[str, Any]], limits: Limits) -> bytes:
    if len(layers) > limits.legacy_layers:
        raise LimitError(
            f"the image has {len(layers) - 1} attestations at its `.att` tag already, as many as cosign reads",
            hint="remove old ones, or use `--attestation-format bundle`",
        )
    config = store.push_blob(_config(layers), media_type=OCI_CONFIG)
    data = msgspec.json.encode(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": _reference(config), "layers": layers}
    )
    if len(data) > limits.manifest_bytes:
        raise LimitError(f"the manifest of attestations would have {len(data)} bytes", hint="remove old attestations")
    return data


def _config(layers: list[dict[str, Any]]) -> bytes:
    return msgspec.json.encode(
        {
            "architecture": "",
            "created": _NO_TIME,
            "history": [{"created": _NO_TIME}] * len(layers),
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
            "config": {},
        }
    )


def _reference(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "size": descriptor.size, "digest": descriptor.digest}
