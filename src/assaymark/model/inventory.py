"""What analysers find, layer by layer, and what the merge makes of it.

A layer is analysed by itself and its `LayerInventory` is cached; merging is arithmetic on these small values
(`assaymark.inventory.merge`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.model.issue import Issue, Unanalysed
from assaymark.model.package import BuildInfo, Package


class OperatingSystem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A distribution and its release. The keys are the reference's, `extended` in lower case included."""

    family: str = msgspec.field(name="Family")
    name: str = msgspec.field(name="Name")
    eosl: bool = msgspec.field(name="EOSL", default=False)
    supplier: str = msgspec.field(name="Supplier", default="")
    extended: bool = False


NO_SYSTEM: Final = OperatingSystem(family="", name="")
"""What release files that name none say."""


class OsRelease(msgspec.Struct, frozen=True, kw_only=True, tag_field="found", tag="os"):
    """A release file named a distribution, its version, or an extension of it (ESM, a supplier).

    Attributes:
        unknown: what the file calls a distribution that is not known, or not without its version; `os` is empty then.
    """

    path: str
    os: OperatingSystem
    unknown: str = ""


class PackageRepositories(msgspec.Struct, frozen=True, kw_only=True, tag_field="found", tag="repository"):
    """`etc/apk/repositories` names the release that packages come from."""

    path: str
    family: str
    release: str


class OsPackages(msgspec.Struct, frozen=True, kw_only=True, tag_field="found", tag="os-pkgs"):
    """The packages of one package database; a later layer's file at the same path replaces them."""

    path: str
    packages: tuple[Package, ...]
    system_files: tuple[str, ...] = ()
    """Files owned by official packages, without a leading slash; only for the filter of the same layer."""


class Application(msgspec.Struct, frozen=True, kw_only=True, tag_field="found", tag="application"):
    """The packages of one lockfile, manifest, archive or binary.

    `type` is the reference's application type (`npm`, `pip`, `python-pkg`), not the analyser's name.
    """

    path: str
    type: str
    packages: tuple[Package, ...]


class ArchiveQuery(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """An archive that does not say for certain what it is; an index of published archives has to be asked.

    Attributes:
        path: of the archive, through those that hold it: `app.war/WEB-INF/lib/a.jar`.
        parents: the archives that hold it, from the innermost to the file.
        sha1: of the whole archive, in lower-case hexadecimal.
        group, artifact, version: what its manifest says; the last two empty where it does not say all of them.
        file_artifact, file_version: what its name says.
        licenses: what its manifest says.
    """

    path: str
    parents: tuple[str, ...] = ()
    sha1: str = ""
    group: str = ""
    artifact: str = ""
    version: str = ""
    file_artifact: str = ""
    file_version: str = ""
    licenses: tuple[str, ...] = ()


class ArchiveLicenses(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Licences that the archive at `path` holds for the package called `package`."""

    path: str
    package: str
    licenses: tuple[str, ...]


class JavaArchive(msgspec.Struct, frozen=True, kw_only=True, tag_field="found", tag="java-archive"):
    """The packages of a Java archive as far as it names them itself, and what has to be asked about the others.

    It becomes an application of the type `jar` when the questions are answered; the answers depend on a database, and
    so are no part of what is cached.

    Attributes:
        checksums: whether packages are wanted with the checksums of their archives.
    """

    path: str
    packages: tuple[Package, ...] = ()
    queries: tuple[ArchiveQuery, ...] = ()
    licenses: tuple[ArchiveLicenses, ...] = ()
    checksums: bool = False


class PackageLicense(msgspec.Struct, frozen=True, kw_only=True, tag_field="found", tag="license"):
    """Licences that a file beside the package database states for one package (`usr/share/doc/*/copyright`)."""

    path: str
    package: str
    licenses: tuple[str, ...]


class BuildInformation(msgspec.Struct, frozen=True, kw_only=True, tag_field="found", tag="build"):
    """Red Hat content sets or build identity found in the layer."""

    path: str
    build_info: BuildInfo


Found = OsRelease | PackageRepositories | OsPackages | Application | JavaArchive | PackageLicense | BuildInformation
"""Everything an analyser may yield."""


class UnreadFile(msgspec.Struct, frozen=True, array_like=True):
    """A file of a kind that holds packages and that this version does not read."""

    path: str
    kind: str


class LayerInventory(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """All that one layer contributes; this is what the cache keeps.

    Attributes:
        digest: of the stored blob, empty where the layer is stored uncompressed in an archive.
        size: bytes of the uncompressed tar stream, padding and trailing blocks included.
        whiteouts: paths that the layer deletes.
        opaque: directories whose lower content the layer hides, without trailing slash; empty string for the root.
        not_analysed: counts of unread files that are too many to be in `unread`.
    """

    digest: str = ""
    diff_id: str = ""
    size: int = 0
    found: tuple[Found, ...] = ()
    whiteouts: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    not_analysed: tuple[Unanalysed, ...] = ()
    unread: tuple[UnreadFile, ...] = ()


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """The merged content of an artifact: identifiers, layers and licences filled in, everything sorted.

    Attributes:
        unknown_os: what release files call a system that is not known; another may name one that is.
    """

    os: OperatingSystem | None = None
    unknown_os: str = ""
    repository: PackageRepositories | None = None
    packages: tuple[Package, ...] = ()
    applications: tuple[Application, ...] = ()
    issues: tuple[Issue, ...] = ()
    not_analysed: tuple[Unanalysed, ...] = ()
