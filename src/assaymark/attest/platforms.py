"""The platforms of an image that attestations are about: the manifests of an index, or the one that there is.

1. An index leads to its manifests, however deep they are nested (`assaymark.oci.platforms`, rules 4 and 5).
2. A single manifest is for the platform that its configuration states; the configuration is read only when somebody
   asks.
3. Of a platform the digest of the manifest is verified, never what an index says of it: the index chooses which
   manifest is meant by `linux/arm64`, as it does for whoever runs the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from assaymark.attest.image import NamedImage
from assaymark.errors import ArtifactError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.platform import Platform
from assaymark.oci.manifest import Index, parse_manifest
from assaymark.oci.platforms import PlatformEntry, choose_entries, not_offered, platform_entries
from assaymark.safeio.json import decode_go_as

_STATED: Final = msgspec.json.Decoder(Platform)  # made on import: threads that make one at once crash the interpreter


class PlatformImage(msgspec.Struct, frozen=True, kw_only=True):
    """One platform of an image.

    Attributes:
        name: its platforms, as `--platform` takes them.
        image: the manifest, named with its platform.
    """

    name: str
    platforms: tuple[Platform, ...]
    image: NamedImage


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


def platform_images(
    image: NamedImage, wishes: Sequence[Platform] = (), *, limits: Limits = DEFAULT_LIMITS
) -> Iterator[PlatformImage]:
    """The platforms that are wished for, all of them without a wish, one after another.

    Raises:
        ArtifactError: `PLATFORM_NOT_OFFERED`; or something is malformed.
        NetworkError: a manifest cannot be had.
    """
    if not image.is_index:
        yield _single(image, wishes, limits)
        return
    for entry in choose_entries(list_platforms(image, limits=limits), wishes):
        yield PlatformImage(name=entry.name, platforms=entry.platforms, image=_member(image, entry))


def _member(image: NamedImage, entry: PlatformEntry) -> NamedImage:
    stored = image.store.manifest(entry.descriptor.digest)
    pinned = f"{image.pinned.partition('@')[0]}@{stored.descriptor.digest}"
    place = msgspec.structs.replace(image.place, pinned=pinned)
    return msgspec.structs.replace(image, text=f"{image.text} ({entry.name})", stored=stored, place=place)


def _single(image: NamedImage, wishes: Sequence[Platform], limits: Limits) -> PlatformImage:
    """Rule 2.

    Raises:
        ArtifactError: it is for another platform, or states none.
    """
    manifest = parse_manifest(image.stored.data, image.subject.media_type, limits=limits)
    if isinstance(manifest, Index):
        raise ArtifactError(f"`{image.text}` is an index")
    data = image.store.read_blob(manifest.config, limit=limits.config_bytes)
    found = decode_go_as(data, _STATED, limits=limits, what="image configuration")
    for wish in wishes:
        if not found.satisfies(wish):
            raise not_offered(wish, [found.spelled])
    return PlatformImage(name=found.spelled, platforms=(found,), image=image)
