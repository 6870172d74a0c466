"""Which manifest of an index is meant (OCI image-spec, "Image Index"; the choice is go-containerregistry's).

Rules:
    1. Without a wish it is linux/amd64. An entry that states no platform counts as linux/amd64.
    2. The first entry matches whose system and architecture are those wished for, and variant, version and features
       where the wish names them.
    3. `*` as the system means that of the index's first entry.
"""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.model.descriptor import Descriptor
from assaymark.model.platform import DEFAULT_PLATFORM, Platform
from assaymark.oci.manifest import Index

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
