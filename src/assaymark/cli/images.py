"""IMAGE on the command line: a reference on a registry, or with `--local-image` a folder with an OCI image layout.

`COSIGN_REPOSITORY` names another repository for attestations; the subject stays the image's own digest.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.errors import NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import INDEX_TYPES, Descriptor
from assaymark.model.reference import Reference, find_reference, parse_reference
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Index, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from assaymark.cli.console import Console
    from assaymark.oci.registry import Registry

REPOSITORY_VARIABLE: Final = "COSIGN_REPOSITORY"


class NamedImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that attestations are about.

    Attributes:
        text: as typed.
        name: the subject's name in statements, `registry/repository`.
        pinned: how to name exactly these bytes, `registry/repository@sha256:…`; the path for a layout.
        reference: None for a layout.
        stored: the manifest or index that the name resolves to.
        store: the image's repository.
        attachments: where attestations are.
    """

    text: str
    name: str
    pinned: str
    reference: Reference | None
    stored: StoredManifest
    store: ContentStore
    attachments: ContentStore

    @property
    def subject(self) -> Descriptor:
        """What attestations are about: the index, for an index."""
        return self.stored.descriptor

    def digests(self, limits: Limits = DEFAULT_LIMITS) -> frozenset[str]:
        """Every digest that a record about this image may name: its own and, for an index, those of its manifests."""
        listed: tuple[Descriptor, ...] = ()
        if self.subject.media_type in INDEX_TYPES:
            index = parse_manifest(self.stored.data, self.subject.media_type, limits=limits)
            listed = index.manifests if isinstance(index, Index) else ()
        return frozenset({self.subject.digest, *(descriptor.digest for descriptor in listed)})


def find_image(text: str, args: Namespace, console: Console, registry: Callable[[], Registry]) -> NamedImage:
    """The image that `text` names.

    Raises:
        UsageError: not a reference.
        NotFoundError: there is no such image.
        NetworkError: the registry cannot be asked.
    """
    if getattr(args, "local_image", False):
        return _local_image(text)
    reference = parse_reference(text)
    store = registry().repository(reference)
    try:
        stored = store.manifest(reference.identifier)
    except NotFoundError as exc:
        raise NotFoundError(f"there is no image `{text}`: {exc}", hint=exc.hint) from exc
    return NamedImage(
        text=text,
        name=reference.context,
        pinned=f"{reference.familiar}@{stored.descriptor.digest}",
        reference=reference,
        stored=stored,
        store=store,
        attachments=attachments_of(store, console, registry),
    )


def attachments_of(store: ContentStore, console: Console, registry: Callable[[], Registry]) -> ContentStore:
    """Where attestations of the images in `store` are."""
    elsewhere = console.environ.get(REPOSITORY_VARIABLE, "")
    return registry().repository(parse_reference(elsewhere)) if elsewhere else store


def _local_image(text: str) -> NamedImage:
    from assaymark.oci.layout import Layout

    layout = Layout(Path(text))
    stored = layout.manifest("")
    return NamedImage(
        text=text,
        name=layout_name(layout, stored.descriptor),
        pinned=text,
        reference=None,
        stored=stored,
        store=layout,
        attachments=layout,
    )


def layout_name(layout: ContentStore, descriptor: Descriptor) -> str:
    """What an image in a layout is called: the repository in its reference annotation, else the folder."""
    written = descriptor.annotation("org.opencontainers.image.ref.name")
    reference = find_reference(written) if "/" in written else None
    return reference.context if reference else Path(layout.name).resolve().name
