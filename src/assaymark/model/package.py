"""Packages as an inventory holds them, with the reference's field names.

Field order is the order of the JSON report *and* of the structural hash that makes a package's `UID`
(`assaymark.inventory.uid`), so it must not change.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec


class Relationship(Enum):
    """How a package hangs in its project; `UNKNOWN` is not printed."""

    UNKNOWN = "unknown"
    ROOT = "root"
    WORKSPACE = "workspace"
    DIRECT = "direct"
    INDIRECT = "indirect"


class PackageIdentifier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Names for a package in other documents."""

    purl: str = msgspec.field(name="PURL", default="")
    uid: str = msgspec.field(name="UID", default="")
    bom_ref: str = msgspec.field(name="BOMRef", default="")


class BuildInfo(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Red Hat build facts: content sets, or name-version-release and architecture."""

    content_sets: tuple[str, ...] = ()
    nvr: str = ""
    arch: str = ""


class PackageRepository(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Where a package was distributed from: `official` or `third-party`."""

    class_: str = msgspec.field(name="Class", default="")


class LayerRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The layer that brought something; the digest is absent where an archive stores it uncompressed."""

    digest: str = msgspec.field(name="Digest", default="")
    diff_id: str = msgspec.field(name="DiffID", default="")


class Location(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Lines of a lockfile, 1-based and inclusive; zero where unknown."""

    start_line: int = 0
    end_line: int = 0


NO_IDENTIFIER = PackageIdentifier()
NO_REPOSITORY = PackageRepository()
NO_LAYER = LayerRef()


class EmptyList(tuple[str, ...]):
    """An empty list that is stated. It differs from no list in one place, a package's `UID`, and only until then."""

    __slots__ = ()


EMPTY_LIST: Final = EmptyList()


class Package(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """One installed or declared package."""

    id: str = msgspec.field(name="ID", default="")
    name: str = ""
    identifier: PackageIdentifier = NO_IDENTIFIER
    version: str = ""
    release: str = ""
    epoch: int = 0
    arch: str = ""
    dev: bool = False
    src_name: str = ""
    src_version: str = ""
    src_release: str = ""
    src_epoch: int = 0
    licenses: tuple[str, ...] = ()
    maintainer: str = ""
    modularitylabel: str = ""
    build_info: BuildInfo | None = None
    repository: PackageRepository = NO_REPOSITORY
    indirect: bool = False
    relationship: Relationship = Relationship.UNKNOWN
    depends_on: tuple[str, ...] = ()
    layer: LayerRef = NO_LAYER
    file_path: str = ""
    digest: str = ""
    locations: tuple[Location, ...] = ()
    installed_files: tuple[str, ...] = ()
    analyzed_by: str = ""

    @property
    def full_version(self) -> str:
        """`[epoch:]version[-release]`, the epoch only when it is not zero."""
        return format_version(self.epoch, self.version, self.release)

    @property
    def full_src_version(self) -> str:
        """The source package's `[epoch:]version[-release]`."""
        return format_version(self.src_epoch, self.src_version, self.src_release)


def format_version(epoch: int, version: str, release: str) -> str:
    """`[epoch:]version[-release]`, of which only the parts that are there: `1:` where nothing but an epoch is known."""
    text = f"{version}-{release}" if release else version
    return f"{epoch}:{text}" if epoch else text
