"""Opens the image that was asked for, at the first source that has it.

Rules:
    1. `--input` is a docker archive or, where it is none, an OCI image layout. An archive that is one and is
       malformed is not tried as the other: it might mean another image there.
    2. A reference is looked for in the order of `--image-src`. Sources that cannot open it are named together when
       all cannot; the exit code is that of a malformed image if there was one, else the registry's.
    3. In the default order containerd is passed over in silence.
    4. `--max-image-size` is compared with the stored sizes before a layer is read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from assaymark.artifact.archive import OTHER_FORMAT
from assaymark.artifact.image import OpenedImage
from assaymark.artifact.size import SizeBudget
from assaymark.artifact.source import ChosenManifest, ImageRequest, Source, sources
from assaymark.errors import ArtifactError, Error, UsageError
from assaymark.extensions import find
from assaymark.model.artifact import Image
from assaymark.model.platform import Platform
from assaymark.oci.platforms import choose_entries

logger = logging.getLogger(__name__)

REMOTE: Final = "remote"
DEFAULT_SOURCES: Final = ("docker", "containerd", "podman", "remote")


@contextmanager
def open_image(request: ImageRequest, image_sources: Sequence[str] = DEFAULT_SOURCES) -> Iterator[Image]:
    """The image that `request` names.

    Args:
        request: the image, and what is needed to reach it.
        image_sources: the words of `--image-src`, in order; without meaning for `--input`.

    Raises:
        ArtifactError: the image is malformed, or larger than `--max-image-size`.
        NetworkError: no source has it.
        UsageError: a word that is no source.
    """
    with ExitStack() as stack:
        opened = _open_input(request, stack) if request.input else _open_reference(request, image_sources, stack)
        budget = SizeBudget(request.max_image_size, what="compressed image")
        budget.add(opened.stored_size if isinstance(opened, OpenedImage) else 0)
        yield opened


def find_platforms(
    request: ImageRequest, image_sources: Sequence[str], wishes: Sequence[Platform] = ()
) -> tuple[ChosenManifest, ...]:
    """The platforms of the index that `request` names.

    Nothing where it names a single manifest, and where a container engine is asked first: engines hold one platform.

    Args:
        request: the image.
        image_sources: the words of `--image-src`, in order; without meaning for `--input`.
        wishes: the platforms that are wanted; none for all of them.

    Raises:
        ArtifactError: the index is malformed, or does not have one of them.
        NetworkError: the registry cannot be asked, or has no such image.
        LocalError: there is no such file.
    """
    from assaymark.artifact.oci import find_layout_platforms
    from assaymark.artifact.remote import find_remote_platforms

    if request.input:
        listed = find_layout_platforms(request)
    else:
        listed = find_remote_platforms(request) if tuple(image_sources) == (REMOTE,) else ()
    if not listed:
        return ()
    wanted = choose_entries([each.entry for each in listed], wishes)
    return tuple(next(each for each in listed if each.entry == entry) for entry in wanted)


def _open_input(request: ImageRequest, stack: ExitStack) -> Image:
    archive, layout = _source("archive"), _source("oci")
    try:
        return stack.enter_context(archive.open(request))
    except ArtifactError as exc:
        if exc.reason != OTHER_FORMAT:
            raise
        first = exc
    try:
        return stack.enter_context(layout.open(request))
    except ArtifactError as exc:
        if exc.reason != OTHER_FORMAT:
            raise
        raise ArtifactError(
            f"`{request.input}` is neither a docker archive nor an OCI image layout: {first}; {exc}",
            hint="`docker save --output FILE IMAGE` or `skopeo copy SOURCE oci:FOLDER` write what can be read",
        ) from exc


def _open_reference(request: ImageRequest, image_sources: Sequence[str], stack: ExitStack) -> Image:
    chosen = _chosen_sources(image_sources)
    failures: list[tuple[str, Error]] = []
    for source in chosen:
        try:
            opened = stack.enter_context(source.open(request))
        except Error as exc:
            failures.append((source.name, exc))
        else:
            logger.debug("found `%s` at %s", request.name, source.name)
            return opened
        logger.debug("%s: %s", *failures[-1])
    raise _joined(request.name, failures)


def _chosen_sources(names: Sequence[str]) -> list[Source]:
    wanted = [name for name in names if name != "containerd"] if tuple(names) == DEFAULT_SOURCES else names
    if not wanted:
        raise UsageError("`--image-src` names no source", hint=f"it knows {', '.join(DEFAULT_SOURCES)}")
    return [_source(name, listed=True) for name in wanted]


def _source(name: str, *, listed: bool = False) -> Source:
    source = find("assaymark.artifact", name, "SOURCE", Source)
    if source is None or (listed and source.input):
        known = ", ".join(source.name for source in sources() if not source.input)
        raise UsageError(f"`{name}` is not an image source", hint=f"`--image-src` takes {known}")
    return source


def _joined(name: str, failures: list[tuple[str, Error]]) -> Error:
    """One error for all: of the kind of a malformed image's if there is one, else the registry's, else the last."""
    malformed = [error for _, error in failures if isinstance(error, ArtifactError)]
    registry = [error for source, error in failures if source == "remote"]
    decisive = (malformed + registry + [failures[-1][1]])[0]
    if len(failures) == 1:
        return decisive
    reasons = "; ".join(f"{source}: {error}" for source, error in failures)
    joined = type(decisive)(f"cannot open the image `{name}`: {reasons}", hint=decisive.hint, reason=decisive.reason)
    joined.__cause__ = decisive
    return joined
