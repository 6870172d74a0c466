"""What a Java archive and the archives in it say of themselves.

Of an archive only its central directory is read, and then `pom.properties`, the manifest, and where a licence is still
missing `META-INF/maven/<group>/<artifact>/pom.xml`; classes never. Rules:

1. Every complete `pom.properties`, wherever it lies, is a package: archives that are merged of others ("shaded") keep
   theirs. If one of them has the artifact and the version of the archive's own name, the archive is known.
2. Any other archive is a question (`ArchiveQuery`): what its manifest says, the checksum of the whole archive, and what
   its name says are asked about when the database is at hand (`assaymark.inventory.java.resolve`).
3. `.jar`, `.war` and `.ear` members are archives again; one that cannot be read costs an issue and not the others.
   Their paths never leave the archive that holds them.
4. Licences: those that the `pom.xml` of the same group and artifact declares, in the archive or in one around it; then
   those of the manifest, where the archive has one package of its own.

The inflated bytes of one file, with everything in it, are bounded together (`assaymark.safeio.zip`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from posixpath import basename, normpath, splitext
from typing import BinaryIO, Final

import msgspec

from assaymark.errors import Error, LimitError
from assaymark.inventory.analyzer import Input
from assaymark.inventory.checksums import PREFIX, sha1_of
from assaymark.inventory.java.coordinates import (
    Coordinates,
    coordinates_of_file,
    embedded_pom,
    parse_pom_licenses,
    parse_pom_properties,
)
from assaymark.inventory.java.manifest import NO_MANIFEST, Manifest, parse_manifest
from assaymark.inventory.java.names import package_name
from assaymark.model.inventory import ArchiveLicenses, ArchiveQuery
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package
from assaymark.safeio.zip import ZipArchive, ZipBudget
from assaymark.safeio.zipdirectory import Member

_ARCHIVES: Final = frozenset({".jar", ".war", ".ear"})
_PROPERTIES: Final = "pom.properties"
_POM: Final = "pom.xml"
_MANIFEST: Final = "MANIFEST.MF"


class Contents(msgspec.Struct):
    """What was found so far, in the order of the directories."""

    packages: list[Package] = []
    queries: list[ArchiveQuery] = []
    licenses: list[ArchiveLicenses] = []


def read_archive(source: Input) -> Contents:
    """What the archive `source` and those in it say.

    Raises:
        ArtifactError: it is no archive, or what is read of it is damaged.
        LimitError: it is too large, or holds too many packages.
    """
    reader = _Reader(source)
    with source.file.open() as stream:
        return reader.read(stream, source.path, ())


class _Reader:
    """One file."""

    def __init__(self, source: Input) -> None:
        self._source = source
        self._limits = source.limits
        self._budget = ZipBudget(source.limits)
        self._packages = 0

    def read(self, stream: BinaryIO, path: str, parents: tuple[str, ...]) -> Contents:
        """What the archive at `path` says, and those in it."""
        archive = ZipArchive(stream, limits=self._limits, budget=self._budget, what=path)
        named = coordinates_of_file(basename(path))
        found, poms = Contents(), dict[tuple[str, str], Member]()
        manifest_member: Member | None = None
        is_known = False
        for member in archive.members:
            name = basename(member.name.rstrip("/"))
            if name == _POM:
                coordinates = embedded_pom(member.name)
                if coordinates:
                    poms[coordinates] = member
            elif name == _PROPERTIES:
                own = parse_pom_properties(archive.read(member, self._limits.header_bytes))
                if own.is_complete:
                    found.packages.append(self._package(own, path))
                    is_known = is_known or (own.artifact, own.version) == (named.artifact, named.version)
            elif name == _MANIFEST:
                manifest_member = member
            elif splitext(member.name)[1] in _ARCHIVES:
                _extend(found, self._read_inner(archive, member, path, parents))
        manifest = NO_MANIFEST
        if manifest_member:
            manifest = parse_manifest(archive.read(manifest_member, self._limits.jar_manifest_bytes))
        self._add_licenses(found, archive, poms, path)
        if self._source.options.checksums and any(package.file_path == path for package in found.packages):
            checksum = sha1_of(stream)
            found.packages[:] = [_with_checksum(package, path, checksum) for package in found.packages]
        if is_known:
            license_own(found.packages, path, manifest.licenses)
        else:
            found.queries.append(self._query(stream, path, parents, manifest, named))
        return found

    def _package(self, coordinates: Coordinates, path: str) -> Package:
        self._packages += 1
        if self._packages > self._limits.packages_per_file:
            raise LimitError(f"more than {self._limits.packages_per_file} packages")
        name = package_name(coordinates.group, coordinates.artifact)
        return Package(name=name, version=coordinates.version, file_path=path)

    def _read_inner(self, archive: ZipArchive, member: Member, path: str, parents: tuple[str, ...]) -> Contents:
        """Rule 3."""
        inner = normpath(f"{path}/{member.name}")
        if not inner.startswith(f"{path}/"):
            return Contents()
        try:
            if len(parents) + 1 >= self._limits.zip_depth or len(inner) > self._limits.tar_name_bytes:
                raise LimitError(
                    f"archives in archives, deeper than {self._limits.zip_depth} levels, or too long a path"
                )
            self._packages += 1  # archives that say nothing cost as much as those that do
            if self._packages > self._limits.packages_per_file:
                raise LimitError(f"more than {self._limits.packages_per_file} archives and packages")
            with archive.open(member) as stream:
                return self.read(stream, inner, (path, *parents))
        except (Error, ValueError) as exc:
            code = IssueCode.FILE_TOO_LARGE if isinstance(exc, LimitError) else IssueCode.FILE_MALFORMED
            message = f"jar: `{inner[:500]}`: {exc}"
            self._source.report(Issue(code=code, message=message, path=self._source.path))
            return Contents()

    def _add_licenses(
        self, found: Contents, archive: ZipArchive, poms: dict[tuple[str, str], Member], path: str
    ) -> None:
        """Rule 4, the first half; those that a question may still need are kept with it."""
        unlicensed = {package.name for package in found.packages if not package.licenses}
        declared: dict[str, tuple[str, ...]] = {}
        for (group, artifact), member in poms.items():
            name = package_name(group, artifact)
            if name in unlicensed or found.queries:
                with suppress(Error, ValueError):  # a licence is not worth an issue
                    data = archive.read(member, self._limits.xml_bytes)
                    licenses = parse_pom_licenses(data, limits=self._limits, what=member.name)
                    declared |= {name: licenses} if licenses else {}
        found.packages[:] = [_with_licenses(package, declared) for package in found.packages]
        if found.queries:
            found.licenses += [
                ArchiveLicenses(path=path, package=name, licenses=names) for name, names in declared.items()
            ]

    def _query(
        self, stream: BinaryIO, path: str, parents: tuple[str, ...], manifest: Manifest, named: Coordinates
    ) -> ArchiveQuery:
        """Rule 2."""
        said = Coordinates(manifest.group, manifest.artifact, manifest.version)
        said = said if said.is_complete else Coordinates()
        return ArchiveQuery(
            path=path,
            parents=parents,
            sha1=sha1_of(stream).removeprefix(PREFIX),
            group=said.group,
            artifact=said.artifact,
            version=said.version,
            file_artifact=named.artifact,
            file_version=named.version,
            licenses=manifest.licenses,
        )


def _extend(found: Contents, inner: Contents) -> None:
    found.packages += inner.packages
    found.queries += inner.queries
    found.licenses += inner.licenses


def _with_checksum(package: Package, path: str, checksum: str) -> Package:
    return msgspec.structs.replace(package, digest=checksum) if package.file_path == path else package


def _with_licenses(package: Package, declared: Mapping[str, tuple[str, ...]]) -> Package:
    if package.licenses or package.name not in declared:
        return package
    return msgspec.structs.replace(package, licenses=declared[package.name])


def license_own(packages: list[Package], path: str, licenses: tuple[str, ...]) -> None:
    """Rule 4, the second half."""
    places = [place for place, package in enumerate(packages) if package.file_path == path] if licenses else []
    if len(places) == 1 and not packages[places[0]].licenses:
        packages[places[0]] = msgspec.structs.replace(packages[places[0]], licenses=licenses)
