"""Which manifest of an index is meant (OCI image-spec, "Image Index"; the choice is go-containerregistry's).

Rules:
    1. Without a wish it is linux/amd64. An entry that states no platform counts as linux/amd64.
    2. The first entry matches whose system and architecture are those wished for, and variant, version and features
       where the wish names them.
    3. `*` as the system means that of the index's first entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.platform import DEFAULT_PLATFORM, Platform
from assaymark.oci.content import StoredManifest
from assaymark.oci.manifest import Index, parse_manifest

ANY_SYSTEM: Final = "*"


def select_platform(index: Index, wanted: Platform | None) -> Descriptor:
    """The entry of `index` for the platform.

    Raises:
        ArtifactError: there is none; the message lists what there is.
    """
    wish = _resolve_wish(index, wanted or DEFAULT_PLATFORM)
    chosen = next((entry for entry in index.manifests if _stated(entry).satisfies(wish)), None)
    if chosen is None:
        offered = ", ".join(str(platform) for platform in offered_platforms(index)[:20]) or "nothing"
        raise ArtifactError(f"the index has no manifest for `{wish}`", hint=f"`--platform` can be {offered}")
    return chosen


def offered_platforms(index: Index) -> tuple[Platform, ...]:
    """The platforms of an index that something can run on; attestations of builders state `unknown/unknown`."""
    stated = (_stated(entry) for entry in index.manifests)
    return tuple(dict.fromkeys(platform for platform in stated if platform.os != "unknown"))


def _resolve_wish(index: Index, wish: Platform) -> Platform:
    if wish.os == ANY_SYSTEM and index.manifests:
        return msgspec.structs.replace(wish, os=_stated(index.manifests[0]).os)
    return wish


def _stated(entry: Descriptor) -> Platform:
    return entry.platform or DEFAULT_PLATFORM


def descend(
    top: StoredManifest,
    *,
    choose: Callable[[Index], Descriptor],
    read: Callable[[Descriptor], StoredManifest],
    limits: Limits,
    what: str,
) -> tuple[StoredManifest, tuple[Platform, ...]]:
    """The manifest of an image, and the platforms of the index on the way to it; indexes may be nested.

    Args:
        top: what a name resolves to.
        choose: the entry of an index to go on with.
        read: the manifest of an entry.
        limits: how deep indexes may be nested.
        what: how messages call the image.

    Raises:
        LimitError: indexes are nested deeper than that.
    """
    stored, platforms = top, tuple[Platform, ...]()
    for _ in range(limits.index_depth + 1):
        parsed = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
        if not isinstance(parsed, Index):
            return stored, platforms
        platforms = platforms or offered_platforms(parsed)
        stored = read(choose(parsed))
    raise LimitError(f"{what} nests indexes deeper than {limits.index_depth}")
