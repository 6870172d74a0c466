"""Stores envelopes at the tag `sha256-<hex>.att`, the format of cosign 1 and 2.

An image manifest whose layers are DSSE envelopes, uncompressed, so that diff_ids are the layers' digests. Each layer
carries cosign's signature annotation, which must exist and is empty for attestations, and names the predicate type;
what services said of the signature (certificate, log entry, timestamp) are annotations, too.

An attestation is appended: the layers that are there stay, in order and with their annotations; the configuration,
which says nothing, is made anew. An envelope that is there already is not added again.

The manifest keeps the media type that is at the tag. A new one is OCI's, or Docker's for registries that know no other
(cosign's `COSIGN_DOCKER_MEDIA_TYPES`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.dsse import DSSE_ENVELOPE
from assaymark.attest.store.attestation import legacy_tag
from assaymark.attest.store.read import SIGNATURE_ANNOTATION
from assaymark.attest.store.updates import DEFAULT_PACE, Pace, Revision, read_tag, update_tag
from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Manifest, parse_manifest
from assaymark.safeio.json import decode_strict

PREDICATE_TYPE: Final = "predicateType"
_NO_TIME: Final = "0001-01-01T00:00:00Z"  # Go's zero time, which cosign writes to keep the digest stable
_CONFIG_TYPES: Final = {OCI_MANIFEST: OCI_CONFIG, DOCKER_MANIFEST: DOCKER_CONFIG}


class LegacyManner(msgspec.Struct, frozen=True, kw_only=True):
    """How the `.att` tag is written.

    Attributes:
        docker: whether a new manifest has Docker's media types.
    """

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
            layers = [*layers, entry]
        if layers == before:
            return Revision(data=None, media_type=media_type)
        return Revision(data=_manifest(store, layers, media_type, limits), media_type=media_type)

    def holds(present: StoredManifest) -> bool:
        return any(existing["digest"] == layer.digest for existing in _present_layers(present, limits))

    return update_tag(store, legacy_tag(subject.digest), revise=revise, holds=holds, pace=pace)


def remove_layers(
    store: ContentStore,
    subject: Digest,
    unwanted: Collection[Digest],
    *,
    limits: Limits = DEFAULT_LIMITS,
    pace: Pace = DEFAULT_PACE,
) -> Digest | None:
    """Take layers out of the manifest at the `.att` tag; the manifest's digest where it would be left without any.

    Raises:
        NetworkError: the registry refuses, or others kept changing the tag.
        ArtifactError: what is at the tag are no attestations.
    """
    emptied: list[Digest] = []

    def revise(present: StoredManifest | None) -> Revision:
        before = _present_layers(present, limits)
        layers = [layer for layer in before if layer["digest"] not in unwanted]
        emptied[:] = [present.descriptor.digest] if present is not None and before and not layers else []
        media_type = present.descriptor.media_type if present is not None else OCI_MANIFEST
        unchanged = emptied or layers == before
        return Revision(data=None if unchanged else _manifest(store, layers, media_type, limits), media_type=media_type)

    def holds(present: StoredManifest) -> bool:
        return not any(layer["digest"] in unwanted for layer in _present_layers(present, limits))

    if read_tag(store, legacy_tag(subject)) is not None:
        update_tag(store, legacy_tag(subject), revise=revise, holds=holds, pace=pace)
    return emptied[0] if emptied else None


def _present_layers(present: StoredManifest | None, limits: Limits) -> list[dict[str, Any]]:
    """The layers at the tag, as they are written there: checked, and then kept member by member."""
    if present is None:
        return []
    manifest = parse_manifest(present.data, present.descriptor.media_type, limits=limits)
    if not isinstance(manifest, Manifest):
        raise ArtifactError("the tag for attestations holds an index; it is left as it is")
    document = decode_strict(present.data, limits=limits, what="the manifest of attestations")
    return list(document["layers"] or ())


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
