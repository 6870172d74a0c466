"""An image that attestations are about: a reference on a registry, or a folder with an OCI image layout.

1. A layout that holds several images takes a tag or a digest behind its path: `folder:v1`, `folder@sha256:…`.
2. Attestations are stored beside the image, or in another repository that is named for them (`COSIGN_REPOSITORY`); the
   subject stays the image's own digest.
3. A statement calls the image `registry/repository`; a layout is called what its annotations say, else as its folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.errors import NotFoundError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import INDEX_TYPES, Descriptor
from assaymark.model.digest import Digest
from assaymark.model.reference import Reference, find_reference, parse_reference
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Index, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from assaymark.model.platform import Platform
    from assaymark.oci.registry import Registry

REPOSITORY_VARIABLE: Final = "COSIGN_REPOSITORY"
_NAME_ANNOTATIONS: Final = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where attestations of an image go.

    Attributes:
        store: the repository.
        name: the subject's name in statements, `registry/repository`.
        pinned: how to name exactly these bytes: `registry/repository@sha256:…`, or the path of a layout.
        local: whether it is a layout.
        known_to_cosign: whether cosign finds the image by that name.
    """

    store: ContentStore
    name: str
    pinned: str
    local: bool = False
    known_to_cosign: bool = True


class NamedImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that attestations are about.

    Attributes:
        text: as typed.
        reference: None for a layout.
        stored: the manifest or index that the name resolves to.
        store: the image's repository.
        place: where attestations are.
    """

    text: str
    reference: Reference | None
    stored: StoredManifest
    store: ContentStore
    place: Place

    @property
    def pinned(self) -> str:
        """How to name exactly these bytes."""
        return self.place.pinned

    @property
    def attachments(self) -> ContentStore:
        """Where attestations are."""
        return self.place.store

    @property
    def subject(self) -> Descriptor:
        """What attestations are about: the index, for an index."""
        return self.stored.descriptor

    @property
    def is_index(self) -> bool:
        """Whether it is an index of several platforms."""
        return self.subject.media_type in INDEX_TYPES

    def manifests(self, limits: Limits = DEFAULT_LIMITS) -> tuple[Descriptor, ...]:
        """What an index lists; nothing for a single manifest."""
        parsed = parse_manifest(self.stored.data, self.subject.media_type, limits=limits)
        return parsed.manifests if isinstance(parsed, Index) else ()

    def digests(self, limits: Limits = DEFAULT_LIMITS) -> frozenset[str]:
        """Every digest that a record about this image may name (`assaymark.attest.vuln.Image`)."""
        parsed = parse_manifest(self.stored.data, self.subject.media_type, limits=limits)
        parts = parsed.manifests if isinstance(parsed, Index) else (parsed.config,)
        return frozenset({self.subject.digest, *(part.digest for part in parts)})


def find_registry_image(text: str, registry: Callable[[], Registry], *, elsewhere: str = "") -> NamedImage:
    """The image that a reference names.

    Args:
        text: the reference.
        registry: the registries, asked for where `text` is a reference.
        elsewhere: the repository of attestations, rule 2; empty for the image's own.

    Raises:
        UsageError: not a reference.
        NotFoundError: there is no such image.
        NetworkError: the registry cannot be asked.
    """
    reference = parse_reference(text)
    store = registry().repository(reference)
    try:
        stored = store.manifest(reference.identifier)
    except NotFoundError as exc:
        hint = exc.hint or "check the name; some registries say the same of images that need a login"
        raise NotFoundError(f"there is no image `{text}`", hint=hint) from exc
    place = Place(
        store=attachments_of(store, registry, elsewhere=elsewhere),
        name=reference.context,
        pinned=f"{reference.familiar}@{stored.descriptor.digest}",
    )
    return NamedImage(text=text, reference=reference, stored=stored, store=store, place=place)


def find_local_image(text: str) -> NamedImage:
    """The image that a path names, rule 1.

    Raises:
        ArtifactError: there is no layout, or it has no such image.
        LocalError: it cannot be read.
    """
    from assaymark.oci.layout import Layout
    from assaymark.oci.layout_reader import split_input

    path, identifier = split_input(text)
    store = Layout(path)
    stored = store.manifest(identifier)
    place = layout_place(path, stored.descriptor, entry=stored.descriptor.digest)
    return NamedImage(text=text, reference=None, stored=stored, store=store, place=place)


def find_platform(image: NamedImage, platform: Platform) -> NamedImage:
    """The manifest of one platform of an index; a single manifest is that of every platform.

    Raises:
        ArtifactError: the index does not offer the platform.
    """
    from assaymark.oci.platforms import select_platform

    parsed = parse_manifest(image.stored.data, image.subject.media_type, limits=DEFAULT_LIMITS)
    if not isinstance(parsed, Index):
        return image
    return at_digest(image, select_platform(parsed, platform).digest)


def at_digest(image: NamedImage, digest: Digest) -> NamedImage:
    """A manifest of an index, by its digest: the same image, named with it.

    Raises:
        NetworkError: it cannot be had.
    """
    if digest == image.subject.digest:
        return image
    stored = image.store.manifest(digest)
    pinned = f"{image.pinned.partition('@')[0]}@{stored.descriptor.digest}"
    place = msgspec.structs.replace(image.place, pinned=pinned)
    return msgspec.structs.replace(image, stored=stored, place=place)


def attachments_of(store: ContentStore, registry: Callable[[], Registry], *, elsewhere: str) -> ContentStore:
    """Where attestations of the images in `store` are.

    Raises:
        UsageError: `elsewhere` is no repository.
    """
    if not elsewhere:
        return store
    try:
        return registry().repository(parse_reference(elsewhere))
    except UsageError as exc:
        hint = "write registry/repository, without a tag"
        raise UsageError(f"{REPOSITORY_VARIABLE} is `{elsewhere}`, which is no repository", hint=hint) from exc


def layout_place(path: Path, subject: Descriptor, *, entry: Digest) -> Place:
    """Where attestations of an image in the layout at `path` go.

    Args:
        path: the layout's folder.
        subject: what attestations are about.
        entry: what the layout lists: the subject, or the index that it is part of.
    """
    from assaymark.oci.layout import Layout
    from assaymark.oci.layout_reader import FolderFiles, LayoutReader, is_image_entry

    listed = LayoutReader(FolderFiles(path), limits=DEFAULT_LIMITS).index().manifests
    alone = {item.digest for item in listed if is_image_entry(item)} == {subject.digest}
    return Place(
        store=Layout(path),
        name=_layout_name(path, [item for item in listed if item.digest == entry]),
        pinned=str(path) if alone else f"{path}@{subject.digest}",
        local=True,
        known_to_cosign=alone and subject.media_type not in INDEX_TYPES,
    )


def _layout_name(path: Path, entries: list[Descriptor]) -> str:
    """What an image in a layout is called: the repository that an annotation names, else the folder."""
    for annotation in _NAME_ANNOTATIONS:
        for entry in entries:
            written = entry.annotation(annotation)
            reference = find_reference(written) if "/" in written else None
            if reference is not None:
                return reference.context
    return path.resolve().name
