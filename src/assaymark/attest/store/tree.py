"""What is attached to an image, for `tree`: cosign's tags and every referrer, in an order that never changes.

Nothing is verified: the types shown are those that annotations and manifests claim.
"""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.attest.store.attestation import legacy_tag
from assaymark.attest.store.bundle_store import PREDICATE_TYPE_ANNOTATION
from assaymark.attest.store.read import CREATED
from assaymark.attest.store.referrers import list_referrers
from assaymark.errors import ArtifactError, NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Manifest, parse_manifest

TAG_KINDS: Final = (("att", "attestations"), ("sig", "signatures"), ("sbom", "SBOMs"))


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """One manifest beside an image.

    Attributes:
        kind: `attestations`, `signatures` or `SBOMs` at a tag of cosign's; for referrers the predicate type or, where
        none is
            stated, the artifact type.
        tag: empty for referrers.
        layers: the blobs in it.
        problem: why it could not be looked into; empty where it could.
    """

    kind: str
    manifest: Digest
    tag: str = ""
    created: str = ""
    layers: tuple[Digest, ...] = ()
    problem: str = ""


def list_attachments(store: ContentStore, digest: Digest, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Attachment, ...]:
    """Cosign's tags in a fixed order, then referrers by kind, time and digest.

    Raises:
        NetworkError: the registry cannot be asked.
        ArtifactError: the index of referrers is none.
        LimitError: more refers to the image than may be listed; part of it would look like all of it.
    """
    tags = [_tag(store, digest, suffix, kind, limits) for suffix, kind in TAG_KINDS]
    listed = sorted({referrer.digest for referrer in list_referrers(store, digest, limits=limits)})
    referrers = [_referrer(store, referrer, limits) for referrer in listed]
    ordered = sorted(referrers, key=lambda item: (item.kind, item.created, item.manifest))
    return (*(tag for tag in tags if tag is not None), *ordered)


def _tag(store: ContentStore, digest: Digest, suffix: str, kind: str, limits: Limits) -> Attachment | None:
    tag = legacy_tag(digest, suffix)
    found = store.resolve(tag)
    if found is None:
        return None
    attachment = _referrer(store, found.digest, limits)
    return msgspec.structs.replace(attachment, kind=kind, tag=tag)


def _referrer(store: ContentStore, digest: Digest, limits: Limits) -> Attachment:
    try:
        stored = store.manifest(digest)
        manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    except (ArtifactError, NotFoundError) as exc:
        return Attachment(kind="unreadable", manifest=digest, problem=str(exc))
    annotations = dict(manifest.annotations)
    listed = manifest.layers if isinstance(manifest, Manifest) else manifest.manifests
    kind = manifest.kind if isinstance(manifest, Manifest) else manifest.artifact_type
    return Attachment(
        kind=annotations.get(PREDICATE_TYPE_ANNOTATION) or kind or manifest.media_type,
        manifest=digest,
        created=annotations.get(CREATED, ""),
        layers=tuple(layer.digest for layer in listed),
    )
