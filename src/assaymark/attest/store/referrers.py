"""Which manifests refer to an image, whether the registry says so or an index at a tag.

Rules: what the referrers API answers counts alone, as in every reader of the distribution specification; where a
registry does not offer it, the index at `sha256-<hex>` counts. Both are bounded (CVE-2023-33957, CVE-2023-46737).
"""

from __future__ import annotations

from assaymark.attest.store.fallback_index import fallback_referrers
from assaymark.limits import Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore


def list_referrers(store: ContentStore, digest: Digest, *, limits: Limits) -> tuple[Descriptor, ...]:
    """The descriptors of everything that refers to `digest`.

    Raises:
        ArtifactError: the index at the fallback tag is none.
        NetworkError: the registry cannot be asked.
    """
    listed = store.referrers(digest)
    return fallback_referrers(store, digest, limits=limits) if listed is None else listed
