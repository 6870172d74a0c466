"""The platforms of an image that attestations are about: the manifests of an index, or the one that there is.

1. An index leads to its manifests, however deep they are nested (`assaymark.oci.platforms`, rules 4 and 5).
2. A single manifest is for the platform that its configuration states; the configuration is read only when somebody
   asks.
3. Of a platform the digest of the manifest is verified, never what an index says of it: the index chooses which
   manifest is meant by `linux/arm64`, as it does for whoever runs the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from assaymark.attest.image import NamedImage, at_digest
from assaymark.errors import ArtifactError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.platform import Platform
from assaymark.oci.manifest import Index, parse_manifest
from assaymark.oci.platforms import PlatformEntry, choose_entries, not_offered, platform_entries
from assaymark.safeio.json import decode_go_as

_CONFIGURATION: Final = msgspec.json.Decoder(
    Platform
)  # made on import: threads that make one at once crash the interpreter


def list_platforms(image: NamedImage, *, limits: Limits = DEFAULT_LIMITS) -> tuple[PlatformEntry, ...]:
    """What the index lists, without asking for a single manifest; nothing where it is none.

    Raises:
        ArtifactError: an index is malformed, or larger than `limits` allow.
    """
    return platform_entries(
        image.stored,
        read=lambda entry: image.store.manifest(entry.digest),
        limits=limits,
        what=f"`{image.text}`",
    )


def choose_platforms(
    image: NamedImage, wishes: Sequence[Platform] = (), *, limits: Limits = DEFAULT_LIMITS
) -> tuple[PlatformEntry, ...]:
    """The platforms that are wished for, all of them without a wish; of a single manifest its own.

    Raises:
        ArtifactError: `PLATFORM_NOT_OFFERED`; or something is malformed.
        NetworkError: the configuration of a single manifest cannot be had.
    """
    if image.is_index:
        return choose_entries(list_platforms(image, limits=limits), wishes)
    entry = PlatformEntry(descriptor=image.subject, platforms=(_stated(image, limits),))
    for wish in wishes:
        if not entry.satisfies(wish):
            raise not_offered(wish, [entry.name])
    return (entry,)


def find_entry(image: NamedImage, entry: PlatformEntry) -> NamedImage:
    """The manifest of a platform, named with it.

    Raises:
        NetworkError: it cannot be had.
    """
    found = at_digest(image, entry.descriptor.digest)
    return found if found is image else msgspec.structs.replace(found, text=f"{image.text} ({entry.name})")


def _stated(image: NamedImage, limits: Limits) -> Platform:
    """Rule 2."""
    manifest = parse_manifest(image.stored.data, image.subject.media_type, limits=limits)
    if isinstance(manifest, Index):
        raise ArtifactError(f"`{image.text}` is an index")
    data = image.store.read_blob(manifest.config, limit=limits.config_bytes)
    return decode_go_as(data, _CONFIGURATION, limits=limits, what="image configuration")
