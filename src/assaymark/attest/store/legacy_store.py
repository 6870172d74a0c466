"""Stores envelopes at the tag `sha256-<hex>.att`, the format of cosign 1 and 2.

An image manifest whose layers are DSSE envelopes, uncompressed, so that diff_ids are the layers' digests. Each layer
carries cosign's signature annotation, which must exist and is empty for attestations, and names the predicate type;
what services said of the signature (certificate, log entry, timestamp) are annotations, too.

An attestation is appended: the layers that are there stay, in order and with their annotations; the configuration,
which says nothing, is made anew. An envelope that is there already is not added again.

Replacing is cosign's `--replace`: the new layer comes first, and layers whose statement has the same predicate type go.
What cannot be read as a statement might be anything, so then nothing is replaced and nothing is written.

The manifest keeps the media type that is at the tag. A new one is OCI's, or Docker's for registries that know no other
(cosign's `COSIGN_DOCKER_MEDIA_TYPES`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.dsse import DSSE_ENVELOPE, parse_envelope
from assaymark.attest.statement import parse_statement
from assaymark.attest.store.attestation import legacy_tag
from assaymark.attest.store.read import SIGNATURE_ANNOTATION
from assaymark.attest.store.updates import DEFAULT_PACE, Pace, Revision, update_tag
from assaymark.errors import ArtifactError, LimitError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_MANIFEST, Descriptor
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Manifest, parse_manifest
from assaymark.safeio.json import decode_strict

PREDICATE_TYPE: Final = "predicateType"
_NO_TIME: Final = "0001-01-01T00:00:00Z"  # Go's zero time, which cosign writes to keep the digest stable
_CONFIG_TYPES: Final = {OCI_MANIFEST: OCI_CONFIG, DOCKER_MANIFEST: DOCKER_CONFIG}


class LegacyManner(msgspec.Struct, frozen=True, kw_only=True):
    """How the `.att` tag is written.

    Attributes:
        replace: whether older attestations of the same type go.
        docker: whether a new manifest has Docker's media types.
    """

    replace: bool = False
    docker: bool = False


APPENDING: Final = LegacyManner()


def push_legacy(
    store: ContentStore,
    subject: Descriptor,
    envelope: bytes,
    *,
    predicate_type: str,
    annotations: Mapping[str, str] | None = None,
    manner: LegacyManner = APPENDING,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Descriptor:
    """Store `envelope` at the `.att` tag of `subject`; returns the descriptor of the manifest there.

    `annotations` are added to those that every layer has.

    Raises:
        NetworkError: the registry refuses, or others kept changing the tag.
        ArtifactError: what is at the tag are no attestations.
    """
    layer = store.push_blob(envelope, media_type=DSSE_ENVELOPE)
    noted = {SIGNATURE_ANNOTATION: "", PREDICATE_TYPE: predicate_type, **(annotations or {})}
    entry = _reference(layer) | {"annotations": noted}

    def revise(present: StoredManifest | None) -> Revision:
        media_type = DOCKER_MANIFEST if manner.docker else OCI_MANIFEST
        layers = before = _present_layers(present, limits)
        if present is not None:
            media_type = present.descriptor.media_type
        if annotations:  # a key may sign twice alike, and what is said of it now is what was asked for
            layers = [entry if existing["digest"] == layer.digest else existing for existing in layers]
        if not any(existing["digest"] == layer.digest for existing in layers):
            layers = [entry, *layers] if manner.replace else [*layers, entry]
        if manner.replace:
            layers = _without_older(store, layers, layer.digest, predicate_type, limits)
        if layers == before:
            return Revision(data=None, media_type=media_type)
        return Revision(data=_manifest(store, layers, media_type, limits), media_type=media_type)

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


def _without_older(
    store: ContentStore, layers: list[dict[str, Any]], ours: str, predicate_type: str, limits: Limits
) -> list[dict[str, Any]]:
    def stays(layer: dict[str, Any]) -> bool:
        return layer["digest"] == ours or _predicate_type(store, layer, limits) != predicate_type

    return [layer for layer in layers if stays(layer)]


def _predicate_type(store: ContentStore, layer: dict[str, Any], limits: Limits) -> str:
    """What the statement in a layer says it is; annotations are not asked, because cosign 1 wrote none."""
    described = Descriptor(media_type=layer["mediaType"], digest=layer["digest"], size=layer["size"])
    try:
        envelope = parse_envelope(store.read_blob(described, limit=limits.attestation_bytes), limits=limits)
        return parse_statement(envelope.payload, limits=limits).predicate_type
    except VerificationError as exc:
        raise ArtifactError(
            f"`{described.digest}` at the tag for attestations cannot be read, so nothing was replaced: {exc}",
            hint="attest without `--replace`",
        ) from exc


def _manifest(store: ContentStore, layers: list[dict[str, Any]], media_type: str, limits: Limits) -> bytes:
    if len(layers) > limits.legacy_layers:
        raise LimitError(
            f"the image has {len(layers) - 1} attestations at its `.att` tag already, as many as cosign reads",
            hint="remove old ones, or use `--attestation-format bundle`",
        )
    config = store.push_blob(_config(layers), media_type=_CONFIG_TYPES[media_type])
    data = msgspec.json.encode(
        {"schemaVersion": 2, "mediaType": media_type, "config": _reference(config), "layers": layers}
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
