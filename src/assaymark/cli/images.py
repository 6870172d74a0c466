"""IMAGE on the command line: a reference on a registry, or with `--local-image` a folder with an OCI image layout.

What it names is `assaymark.attest.image`'s to say; `COSIGN_REPOSITORY` names another repository for attestations.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from assaymark.attest import image as attested
from assaymark.attest.image import (
    REPOSITORY_VARIABLE,
    NamedImage,
    Place,
    find_local_image,
    find_platform,
    find_registry_image,
    layout_place,
)
from assaymark.oci.content import ContentStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from assaymark.cli.console import Console
    from assaymark.oci.registry import Registry

__all__ = [
    "REPOSITORY_VARIABLE",
    "NamedImage",
    "Place",
    "attachments_of",
    "find_chosen_image",
    "find_image",
    "layout_place",
]


def find_image(text: str, args: Namespace, console: Console, registry: Callable[[], Registry]) -> NamedImage:
    """The image that `text` names.

    Raises:
        UsageError: not a reference.
        NotFoundError: there is no such image.
        NetworkError: the registry cannot be asked.
    """
    if getattr(args, "local_image", False):
        return find_local_image(text)
    return find_registry_image(text, registry, elsewhere=console.environ.get(REPOSITORY_VARIABLE, ""))


def find_chosen_image(text: str, args: Namespace, console: Console, registry: Callable[[], Registry]) -> NamedImage:
    """The image that `text` names; of an index the manifest of `--platform`, where that is given.

    Raises:
        UsageError: not a reference, not a platform.
        NotFoundError: there is no such image.
        ArtifactError: it does not have the platform.
        NetworkError: the registry cannot be asked.
    """
    from assaymark.model.platform import parse_platform

    platform = parse_platform(args.platform) if args.platform else None
    image = find_image(text, args, console, registry)
    return find_platform(image, platform) if platform is not None else image


def attachments_of(store: ContentStore, console: Console, registry: Callable[[], Registry]) -> ContentStore:
    """Where attestations of the images in `store` are.

    Raises:
        UsageError: `COSIGN_REPOSITORY` is no repository.
    """
    return attested.attachments_of(store, registry, elsewhere=console.environ.get(REPOSITORY_VARIABLE, ""))
