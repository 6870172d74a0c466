"""Reads what is attached to an image, in both formats, one attestation at a time.

Rules for bundles: every referrer is looked at, because artifact types and annotations have been written wrongly by
released tools; those that claim to be bundles come first, the newest before the older. A bundle's manifest has exactly
one layer, whose media type begins with that of a bundle. Referrers without any such layer belong to others and are
passed over.

Rules for the legacy format: each layer of the manifest at `sha256-<hex>.att` is an envelope if it carries cosign's
signature annotation (empty for attestations); media types are not looked at.

At most `Limits.referrers_fetched` referrers and `Limits.legacy_layers` layers are fetched, none larger than
`Limits.attestation_bytes` (CVE-2024-29902). What cannot be fetched or is no manifest is handed out as `Unreadable`.
Nothing here says that anything is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.attest.bundle import BUNDLE_PREFIX
from assaymark.attest.reasons import Reason
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Found, Unreadable, legacy_tag
from assaymark.attest.store.referrers import list_referrers
from assaymark.errors import ArtifactError, LimitError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Index, Manifest, parse_manifest

SIGNATURE_ANNOTATION: Final = "dev.cosignproject.cosign/signature"
CREATED: Final = "org.opencontainers.image.created"


def read_attestations(
    store: ContentStore,
    digest: Digest,
    *,
    limits: Limits = DEFAULT_LIMITS,
    formats: tuple[AttestationFormat, ...] = (AttestationFormat.BUNDLE, AttestationFormat.LEGACY),
) -> Iterator[Found]:
    """Everything attached to `digest`: bundles, then envelopes at the `.att` tag.

    Raises:
        NetworkError: the registry cannot be asked.
    """
    if AttestationFormat.BUNDLE in formats:
        yield from _read_bundles(store, digest, limits)
    if AttestationFormat.LEGACY in formats:
        yield from _read_legacy(store, digest, limits)


def legacy_manifest(store: ContentStore, digest: Digest, *, limits: Limits) -> tuple[Digest, Manifest] | None:
    """The manifest at the `.att` tag and its digest; None where there is no such tag.

    Raises:
        ArtifactError: something else is there.
    """
    tag = legacy_tag(digest)
    try:
        stored = store.manifest(tag)
    except NotFoundError:
        return None
    manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    if isinstance(manifest, Index):
        raise ArtifactError(f"the tag `{tag}` of `{store.name}` holds an index, not attestations")
    return stored.descriptor.digest, manifest


def is_bundle(manifest: Manifest | Index) -> bool:
    """Whether a manifest is that of a Sigstore bundle, by its type or by its only layer."""
    layers = manifest.layers if isinstance(manifest, Manifest) else ()
    return manifest.artifact_type.startswith(BUNDLE_PREFIX) or (
        len(layers) == 1 and layers[0].media_type.startswith(BUNDLE_PREFIX)
    )


def _read_bundles(store: ContentStore, digest: Digest, limits: Limits) -> Iterator[Found]:
    try:
        listed = sorted(dict.fromkeys(list_referrers(store, digest, limits=limits)), key=_order)
    except ArtifactError as exc:
        yield _unreadable(None, exc)
        return
    newest_first = sorted(listed, key=lambda referrer: referrer.annotation(CREATED), reverse=True)
    wanted = sorted(newest_first, key=_claims_no_bundle)
    for referrer in wanted[: limits.referrers_fetched]:
        try:
            found = _read_bundle(store, referrer, limits)
        except (ArtifactError, NotFoundError) as exc:
            yield _unreadable(referrer.digest, exc)
            continue
        if found is not None:
            yield found
    if len(wanted) > limits.referrers_fetched:
        text = f"{len(wanted)} manifests refer to the image; only {limits.referrers_fetched} were looked at"
        yield Unreadable(manifest=None, reason=Reason.LIMIT_EXCEEDED, message=text)


def _order(referrer: Descriptor) -> str:
    return referrer.digest


def _claims_no_bundle(referrer: Descriptor) -> int:
    """0 for bundles, 1 where nothing is said, 2 for other things."""
    if referrer.artifact_type.startswith(BUNDLE_PREFIX):
        return 0
    return 2 if referrer.artifact_type else 1


def _read_bundle(store: ContentStore, referrer: Descriptor, limits: Limits) -> Candidate | None:
    stored = store.manifest(referrer.digest)
    manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    layers = () if isinstance(manifest, Index) else manifest.layers
    bundles = [layer for layer in layers if layer.media_type.startswith(BUNDLE_PREFIX)]
    if not bundles:
        return None
    if len(layers) != 1:
        raise ArtifactError(f"the manifest `{referrer.digest}` has {len(layers)} layers; a bundle's has one")
    data = store.read_blob(bundles[0], limit=limits.attestation_bytes)
    return Candidate(
        format=AttestationFormat.BUNDLE, data=data, manifest=stored.descriptor.digest, layer=bundles[0].digest
    )


def _read_legacy(store: ContentStore, digest: Digest, limits: Limits) -> Iterator[Found]:
    try:
        found = legacy_manifest(store, digest, limits=limits)
    except ArtifactError as exc:
        yield _unreadable(None, exc)
        return
    if found is None:
        return
    holder, manifest = found
    for layer in manifest.layers[: limits.legacy_layers]:
        try:
            yield _read_layer(store, holder, layer, limits)
        except (ArtifactError, NotFoundError) as exc:
            yield _unreadable(holder, exc)
    if len(manifest.layers) > limits.legacy_layers:
        text = f"`{legacy_tag(digest)}` has {len(manifest.layers)} layers; only {limits.legacy_layers} were looked at"
        yield Unreadable(manifest=holder, reason=Reason.LIMIT_EXCEEDED, message=text)


def _read_layer(store: ContentStore, holder: Digest, layer: Descriptor, limits: Limits) -> Candidate:
    if SIGNATURE_ANNOTATION not in dict(layer.annotations):
        raise ArtifactError(f"the layer `{layer.digest}` has no annotation `{SIGNATURE_ANNOTATION}`")
    data = store.read_blob(layer, limit=limits.attestation_bytes)
    return Candidate(
        format=AttestationFormat.LEGACY,
        data=data,
        manifest=holder,
        layer=layer.digest,
        annotations=layer.annotations,
    )


def _unreadable(manifest: Digest | None, exc: ArtifactError | NotFoundError) -> Unreadable:
    reason = Reason.LIMIT_EXCEEDED if isinstance(exc, LimitError) else Reason.UNREADABLE
    return Unreadable(manifest=manifest, reason=reason, message=str(exc))
