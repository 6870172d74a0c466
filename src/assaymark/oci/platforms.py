"""Chooses the manifest of a platform from an index (OCI image-spec, "Image Index"), as go-containerregistry does.

1. Without a wish the platform is linux/amd64. An entry that names no platform counts as that.
2. The operating system and the architecture must be the same; variant and OS version only where they are asked for. The
   first entry that fits is taken.
3. `*` as the operating system means that of the index's first entry.
4. An index inside an index is descended, at most `index_depth` deep and never the same one twice.
"""

from __future__ import annotations

import msgspec

from assaymark.errors import ArtifactError, LimitError, NotFoundError
from assaymark.limits import Limits
from assaymark.model.descriptor import INDEX_TYPES, Descriptor
from assaymark.model.platform import DEFAULT_PLATFORM, Platform
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Index, parse_manifest


def select_platform(index: Index, wanted: Platform | None = None) -> Descriptor:
    """The entry of `index` for `wanted`.

    Raises:
        NotFoundError: there is none; the message lists those that there are.
    """
    if not index.manifests:
        raise NotFoundError("the index is empty")
    asked = wanted or DEFAULT_PLATFORM
    if asked.os == "*":
        asked = msgspec.structs.replace(asked, os=_platform_of(index.manifests[0]).os)
    for entry in index.manifests:
        if _platform_of(entry).satisfies(asked):
            return entry
    offered = ", ".join(dict.fromkeys(str(_platform_of(entry)) for entry in index.manifests))
    raise NotFoundError(
        f"the index has no manifest for `{asked}`", hint=f"it has {offered[:500]}; choose one with `--platform`"
    )


def descend(
    store: ContentStore, stored: StoredManifest, *, wanted: Platform | None, limits: Limits
) -> tuple[StoredManifest, Descriptor]:
    """The image manifest below `stored` for a platform, and the entry that led to it (its own descriptor if none did).

    Raises:
        NotFoundError: the platform is not there.
        LimitError: indexes are nested too deep.
        ArtifactError: an index leads back to itself.
    """
    visited = {stored.descriptor.digest}
    entry = stored.descriptor
    while stored.descriptor.media_type in INDEX_TYPES:
        if len(visited) > limits.index_depth:
            raise LimitError(f"`{store.name}` nests indexes more than {limits.index_depth} deep")
        index = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
        assert isinstance(index, Index)  # the media type says so, and they agree
        entry = select_platform(index, wanted)
        if entry.digest in visited:
            raise ArtifactError(f"the index `{entry.digest}` of `{store.name}` leads back to itself")
        visited.add(entry.digest)
        stored = store.manifest(entry.digest)
    return stored, entry


def _platform_of(entry: Descriptor) -> Platform:
    return entry.platform if entry.platform is not None else DEFAULT_PLATFORM
