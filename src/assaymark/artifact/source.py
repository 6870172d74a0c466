"""The extension point of image sources."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from assaymark.extensions import discover
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import Image
from assaymark.model.descriptor import Descriptor
from assaymark.model.platform import Platform
from assaymark.model.progress import NoProgress, Progress
from assaymark.model.reference import Reference
from assaymark.oci.content import StoredManifest
from assaymark.oci.platforms import PlatformEntry, platform_entries

if TYPE_CHECKING:
    from assaymark.net.network import Network
    from assaymark.oci.registry import Registry


class ChosenManifest(msgspec.Struct, frozen=True, kw_only=True):
    """One manifest of an index that was looked at before, so that a tag which moves meanwhile changes nothing.

    Attributes:
        top: the index that the name resolved to.
        entry: the manifest that is meant.
        platforms: all platforms that the index offers.
    """

    top: StoredManifest
    entry: PlatformEntry
    platforms: tuple[Platform, ...]


class ImageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which image is wanted, and from where.

    Attributes:
        name: the reference or path as typed.
        reference: the parsed reference; None for `--input`.
        input: the path of `--input`, its `@ref` or `:ref` included; empty for a reference.
        chosen: the manifest of an index that is meant, whatever `platform` says; None where sources choose.
        registry: the client that knows credentials, proxies and certificates; None where no registry may be asked.
        network: the way to container engines on other machines; None where there is none.
        docker_host, podman_host: sockets that the user named.
        environ: the environment's variables (`DOCKER_HOST`, `XDG_RUNTIME_DIR`, …).
        home: where `.docker` is looked for.
        max_image_size: bytes; 0 allows any size.
    """

    name: str
    reference: Reference | None = None
    input: str = ""
    platform: Platform | None = None
    chosen: ChosenManifest | None = None
    registry: Registry | None = None
    network: Network | None = None
    docker_host: str = ""
    podman_host: str = ""
    environ: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(os.environ))
    home: Path = msgspec.field(default_factory=Path.home)
    max_image_size: int = 0
    scratch: Path | None = None
    limits: Limits = DEFAULT_LIMITS
    progress: Progress = NoProgress()


def chosen_manifests(
    top: StoredManifest, *, read: Callable[[Descriptor], StoredManifest], limits: Limits, what: str
) -> tuple[ChosenManifest, ...]:
    """Every manifest of an index, for a request each; nothing where `top` is none.

    Raises:
        ArtifactError: an index is malformed, or larger than `limits` allow.
    """
    entries = platform_entries(top, read=read, limits=limits, what=what)
    offered = tuple(platform for entry in entries for platform in entry.platforms)
    return tuple(ChosenManifest(top=top, entry=entry, platforms=offered) for entry in entries)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One place that images come from.

    Attributes:
        name: the word in `--image-src`, such as `docker`; sources of `--input` are not in that list.
        input: whether it opens `--input` paths instead of references.
        open: yields the image; raises `assaymark.errors.Error` where this source does not have it.
    """

    name: str
    input: bool = False
    open: Callable[[ImageRequest], AbstractContextManager[Image]]


def sources() -> Iterator[Source]:
    """Every source, in order of the files' names."""
    return discover("assaymark.artifact", "SOURCE", Source)
