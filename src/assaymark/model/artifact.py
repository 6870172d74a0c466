"""What an artifact source hands to the scan: an image with its layers, a directory, or an SBOM."""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import DiffId, Digest, sha256_digest
from assaymark.model.platform import Platform
from assaymark.model.reference import Reference


class ArtifactType(Enum):
    """The report's `ArtifactType`."""

    CONTAINER_IMAGE = "container_image"
    FILESYSTEM = "filesystem"
    REPOSITORY = "repository"
    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"


class LayerBlob(Protocol):
    """One layer of an image, as stored."""

    @property
    def diff_id(self) -> DiffId:
        """What the configuration claims for the uncompressed stream; the reader verifies it."""
        ...

    @property
    def digest(self) -> Digest | None:
        """The digest of the stored bytes; None where a `docker save` archive stores the tar uncompressed."""
        ...

    @property
    def size(self) -> int | None:
        """How many bytes are stored; None where nobody knows before they are read."""
        ...

    @property
    def cache_identity(self) -> str:
        """A name for these stored bytes that was verified or is verified on reading, for cache keys.

        The blob's digest, or for members of an archive on disk its device, inode, size, both times and offset.
        Empty where there is none: such a layer is not looked up before it is read.
        """
        ...

    def open(self) -> AbstractContextManager[BinaryIO]:
        """The stored bytes, front to back.

        The reader raises `DigestMismatchError` at the end of the stream when digest or size are not what the
        manifest promised.
        """
        ...


class ImageIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What an image is called and where it was found.

    Attributes:
        image_id: digest of the configuration (the Docker engine may say otherwise).
        config: the configuration's exact bytes.
        repo_tags, repo_digests: as the report prints them.
        reference: the parsed reference that was asked for; None for archives.
        resolved: descriptor of what the reference resolves to (the index, for an index); None without a registry.
        manifest: descriptor of the manifest whose layers are scanned.
        platform: the platform of that manifest.
        platforms: all platforms that the index offers; empty for a single manifest.
        source: which source opened it: `remote`, `docker`, `podman`, `archive`, `oci`.
    """

    name: str
    image_id: str
    config: bytes
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    reference: Reference | None = None
    resolved: Descriptor | None = None
    manifest: Descriptor | None = None
    platform: Platform | None = None
    platforms: tuple[Platform, ...] = ()
    source: str = ""


class GitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the report says of a git work tree."""

    repo_url: str = ""
    branch: str = ""
    tags: tuple[str, ...] = ()
    commit: str = ""
    commit_msg: str = ""
    author: str = ""
    committer: str = ""


class Image(Protocol):
    """An opened image; its layers may be opened in any order and from several threads at once."""

    @property
    def identity(self) -> ImageIdentity:
        """Names, configuration and origin."""
        ...

    @property
    def layers(self) -> tuple[LayerBlob, ...]:
        """Bottom to top, empty-history entries left out."""
        ...


class SbomOrigin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a record says of the SBOM that packages come from.

    Attributes:
        digest: of its bytes; where it was an attestation's predicate, of that.
        attached: the digest of the manifest that it came with; empty for a file.
        signer: who made it, proven; empty where nobody verified that.
    """

    digest: Digest
    attached: str = ""
    signer: str = ""


class SbomFile(msgspec.Struct, frozen=True, kw_only=True):
    """An SBOM as its bytes; `name` is the report's `ArtifactName`.

    Attributes:
        place: the digest of the manifest that it came with; empty for a file.
        signer: who made it, proven; empty where nobody verified that.
    """

    name: str
    data: bytes
    place: str = ""
    signer: str = ""

    @property
    def origin(self) -> SbomOrigin:
        """The same for a record."""
        return SbomOrigin(digest=sha256_digest(self.data), attached=self.place, signer=self.signer)


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """A tree on the host: `fs`, `rootfs` or `repo`.

    Attributes:
        name: the report's `ArtifactName`.
        root: the folder to walk.
        single: when the target is one file, its name below `root`; else empty.
        git: the facts of the work tree when `root` itself is one.
    """

    name: str
    root: Path
    single: str = ""
    git: GitFacts | None = None
