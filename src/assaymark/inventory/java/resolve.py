"""Java archives that do not say what they are, looked up in an index of published archives.

A layer's inventory holds questions (`model.inventory.JavaArchive`), because it is cached and the index changes. Here
they are answered, in this order, the reference's:

1. What the manifest says, when the index knows an artifact of that group and name; its version is believed.
2. The archive whose SHA-1 this is.
3. The artifact and the version that the file's name says, in the group that has published most of that artifact.
4. Otherwise the archive is nobody's package, and is not listed.

Then licences that had to wait are attached, and packages of one name, archive and (by Maven's order) version are listed
once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import msgspec

from assaymark.errors import DatabaseError
from assaymark.inventory.analyse import finished, identified
from assaymark.inventory.checksums import PREFIX
from assaymark.inventory.java.archive import license_own
from assaymark.inventory.java.names import package_name
from assaymark.inventory.java.unique import unique_packages
from assaymark.model.archives import ArchiveIndex, NoArchives
from assaymark.model.inventory import Application, ArchiveQuery, Found, JavaArchive, LayerInventory
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package

logger = logging.getLogger(__name__)

JAR: Final = "jar"
"""The analyser, and the type of its applications."""


OpenIndex = Callable[[], AbstractContextManager[ArchiveIndex]]
"""Opens the index when it is first needed: an image without archives, or whose archives name themselves, needs none."""


@contextmanager
def no_index() -> Iterator[ArchiveIndex]:
    """Where there is no index at all.

    Raises:
        DatabaseError: always.
    """
    raise DatabaseError("there is no Java database")
    yield NoArchives()  # type: ignore[unreachable]  # makes this a generator


def resolve_archives(layers: Sequence[LayerInventory], open_index: OpenIndex) -> list[LayerInventory]:
    """The layers with their Java archives as applications; without an index those that it would name are an issue."""
    count = sum(len(item.queries) for layer in layers for item in layer.found if isinstance(item, JavaArchive))
    if not count:
        return list(layers)
    try:
        with open_index() as index:
            return [_resolved_layer(layer, index) for layer in layers]
    except DatabaseError as exc:
        logger.warning("%s", exc)  # why, with paths and registries of this machine, which are no part of a report
        message = f"{count} Java archives that do not name themselves could not be looked up: there is no Java database"
        issue = Issue(code=IssueCode.NOT_ANALYSED, message=message)
        first, *rest = (_resolved_layer(layer, NoArchives()) for layer in layers)
        return [msgspec.structs.replace(first, issues=(*first.issues, issue)), *rest]


def _resolved_layer(layer: LayerInventory, index: ArchiveIndex) -> LayerInventory:
    if not any(isinstance(item, JavaArchive) for item in layer.found):
        return layer
    return msgspec.structs.replace(layer, found=tuple(_resolved(layer.found, index)))


def _resolved(found: Sequence[Found], index: ArchiveIndex) -> Iterator[Found]:
    """UIDs depend on nothing but the package itself: everybody else keeps theirs."""
    applications = []
    for item in found:
        if isinstance(item, JavaArchive):
            packages = tuple(_packages(item, index))
            if packages:
                applications.append(finished(Application(path=item.path, type=JAR, packages=packages), JAR))
        else:
            yield item
    yield from identified(applications)


def _packages(archive: JavaArchive, index: ArchiveIndex) -> Iterator[Package]:
    packages = list(archive.packages)
    licenses = {(each.path, each.package): each.licenses for each in archive.licenses}
    for query in archive.queries:
        package = _answer(query, index)
        if package:
            digest = PREFIX + query.sha1 if archive.checksums else ""
            packages.append(msgspec.structs.replace(package, digest=digest))
        license_own(packages, query.path, query.licenses)
        if package:
            packages[-1] = _licensed_outside(packages[-1], query, licenses)
    yield from unique_packages(packages)


def _answer(query: ArchiveQuery, index: ArchiveIndex) -> Package | None:
    """Rules 1 to 4."""
    if query.group and index.has_artifact(query.group, query.artifact):
        return _package(query, query.group, query.artifact, query.version)
    published = index.find_by_sha1(query.sha1)
    if published:
        return _package(query, *published)
    group = index.find_group(query.file_artifact, query.file_version) if query.file_artifact else ""
    return _package(query, group, query.file_artifact, query.file_version) if group else None


def _package(query: ArchiveQuery, group: str, artifact: str, version: str) -> Package:
    return Package(name=package_name(group, artifact), version=version, file_path=query.path)


def _licensed_outside(
    package: Package, query: ArchiveQuery, licenses: dict[tuple[str, str], tuple[str, ...]]
) -> Package:
    """Licences that an archive around it declares; the nearest counts."""
    if package.licenses:
        return package
    declared = (licenses.get((parent, package.name)) for parent in query.parents)
    return msgspec.structs.replace(package, licenses=next(filter(None, declared), ()))
