"""Which manifests refer to an image, whether the registry says so or an index at a tag.

Rules: what the referrers API answers counts alone, as in every reader of the distribution specification; where a
registry does not offer it, the index at `sha256-<hex>` counts. Both are bounded (CVE-2023-33957, CVE-2023-46737).
"""

from __future__ import annotations

from assaymark.attest.store.attestation import fallback_tag
from assaymark.errors import ArtifactError, NotFoundError
from assaymark.limits import Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Index, parse_manifest


def list_referrers(store: ContentStore, digest: Digest, *, limits: Limits) -> tuple[Descriptor, ...]:
    """The descriptors of everything that refers to `digest`.

    Raises:
        ArtifactError: the index at the fallback tag is none.
        NetworkError: the registry cannot be asked.
    """
    listed = store.referrers(digest)
    return fallback_referrers(store, digest, limits=limits) if listed is None else listed


def fallback_referrers(store: ContentStore, digest: Digest, *, limits: Limits) -> tuple[Descriptor, ...]:
    """The entries of the index at the fallback tag; none where there is no such tag."""
    tag = fallback_tag(digest)
    try:
        stored = store.manifest(tag)
    except NotFoundError:
        return ()
    index = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    if not isinstance(index, Index):
        raise ArtifactError(f"the tag `{tag}` of `{store.name}` holds an image, not an index of referrers")
    return index.manifests
