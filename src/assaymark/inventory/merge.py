"""Layers joined into the content of an image.

1. Bottom to top: a layer's opaque directories and whiteouts remove what lower layers put at or below a path; then what
   the layer holds is placed at its path, where it replaces what the same kind of analyser found there before.
2. A package belongs to the first layer that holds it: equal name, version and release, for language packages also the
   same file. The files that an operating system package installs are those that this first layer lists, because later
   layers rewrite the package database and not the lists beside it.
3. Purls need the operating system; UIDs were computed with the layer (`assaymark.inventory.uid`).
4. Licences that stand beside the database are attached by package name.
5. Packages that several databases list are kept once, by ID and path.
6. Installed Python, Ruby, Node.js, Java and Conda packages are gathered into one application of each type.
7. Without an operating system the apk repositories tell which Alpine it is; packages alone make the family `none`.
8. Packages of an SBOM keep the purl and the layer that it states. Those of the system stand behind the package
   manager's own, and are left out, and that is said, when their purls are of another distribution.
9. Files that nobody reads, and what was wrong with files, count while the file is there: what a later layer deletes, or
   replaces with a file that was read, is no part of the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Final

import msgspec

from assaymark.inventory.operating_system import merge_os
from assaymark.inventory.ordering import application_order, package_order
from assaymark.inventory.purl import application_package_url, os_namespace, os_package_url
from assaymark.inventory.shelf import Shelf
from assaymark.inventory.unanalysed import Tally
from assaymark.model.inventory import (
    NO_SYSTEM,
    Application,
    BuildInformation,
    Inventory,
    LayerInventory,
    OperatingSystem,
    OsPackages,
    OsRelease,
    PackageLicense,
    PackageRepositories,
    UnreadFile,
)
from assaymark.model.issue import Issue, IssueCode, Unanalysed
from assaymark.model.package import NO_LAYER, BuildInfo, LayerRef, Package
from assaymark.model.purl import parse_purl

AGGREGATED: Final = frozenset({"python-pkg", "conda-pkg", "gemspec", "node-pkg", "jar"})
"""Application types whose packages the report lists together."""

SBOM: Final = "sbom"
"""The analyser whose packages are another's word."""

_Version = tuple[str, str, str]


class _Origin(msgspec.Struct, frozen=True):
    """Where an operating system package first appeared."""

    layer: LayerRef
    installed_files: tuple[str, ...]
    build_info: BuildInfo | None


class _Told(msgspec.Struct, frozen=True):
    """What was wrong with one file of a layer; nothing, where it was read."""

    path: str
    issues: tuple[Issue, ...]


def merge_layers(layers: Sequence[LayerInventory]) -> Inventory:
    """The content of the image whose layers, bottom to top, have these inventories; also of a single tree."""
    shelf = Shelf()
    for layer in layers:
        shelf.hide(layer.opaque, layer.whiteouts)
        for item in (*layer.found, *layer.unread):
            shelf.put(item)
    os = merge_release_files(layers)
    repository = _last_repository(layers)
    packages, foreign = _os_packages(shelf, layers, os)
    return Inventory(
        os=_assumed(os, repository, packages),
        unknown_os=_last_unknown(layers),
        repository=repository,
        packages=packages,
        applications=_applications(shelf, layers),
        issues=(*_issues(layers), *foreign),
        not_analysed=_not_analysed(shelf, layers),
    )


def merge_release_files(layers: Iterable[LayerInventory]) -> OperatingSystem:
    """The operating system that the release files name, layer by layer; empty members where they do not."""
    known = NO_SYSTEM
    for layer in layers:
        named = (item.os for item in layer.found if isinstance(item, OsRelease))
        known = merge_os(known, reduce(merge_os, named, NO_SYSTEM))
    return known


def _last_unknown(layers: Iterable[LayerInventory]) -> str:
    named = [item.unknown for layer in layers for item in layer.found if isinstance(item, OsRelease) and item.unknown]
    return named[-1] if named else ""


def _last_repository(layers: Iterable[LayerInventory]) -> PackageRepositories | None:
    found = [item for layer in layers for item in layer.found if isinstance(item, PackageRepositories)]
    return found[-1] if found else None


def _assumed(
    os: OperatingSystem, repository: PackageRepositories | None, packages: tuple[Package, ...]
) -> OperatingSystem | None:
    """Rule 7."""
    if os.family:
        return os
    if repository is not None:
        return OperatingSystem(family=repository.family, name=repository.release)
    return OperatingSystem(family="none", name="") if packages else None


def _os_packages(
    shelf: Shelf, layers: Sequence[LayerInventory], os: OperatingSystem
) -> tuple[tuple[Package, ...], tuple[Issue, ...]]:
    """The system's packages, and what is said of those that belong to another (rule 8)."""
    origins = _package_origins(layers)
    licensed = {item.package: item.licenses for item in shelf.kept(PackageLicense)}
    unique: dict[tuple[str, str], Package] = {}
    own, foreign = _told_apart([package for item in shelf.kept(OsPackages) for package in item.packages], os)
    for package in sorted(own, key=lambda package: package.analyzed_by == SBOM):
        key = (package.id or f"{package.name}@{package.full_version}", package.file_path)
        if key not in unique:
            unique[key] = _attributed(package, origins[_version(package)], os, licensed)
    return tuple(sorted(unique.values(), key=package_order)), foreign


def _told_apart(packages: Sequence[Package], os: OperatingSystem) -> tuple[Sequence[Package], tuple[Issue, ...]]:
    """Rule 8: packages whose purl is not of this distribution are left out."""
    if not os.family or not any(package.identifier.purl for package in packages):
        return packages, ()
    wanted = ("", os_namespace(os.family))
    kept = [package for package in packages if _namespace(package) in wanted]
    if len(kept) == len(packages):
        return packages, ()
    others = ", ".join(f"`{name}`" for name in sorted({_namespace(package) for package in packages} - set(wanted)))
    message = f"{len(packages) - len(kept)} packages that an SBOM states are of {others[:200]} and not of `{os.family}`"
    return kept, (Issue(code=IssueCode.NOT_ANALYSED, message=message),)


def _namespace(package: Package) -> str:
    return parse_purl(package.identifier.purl).namespace if package.identifier.purl else ""


def _attributed(
    package: Package, origin: _Origin, os: OperatingSystem, licensed: dict[str, tuple[str, ...]]
) -> Package:
    identifier = package.identifier
    if os.family and not identifier.purl:
        identifier = msgspec.structs.replace(identifier, purl=os_package_url(package, os))
    licenses = licensed.get(package.name, package.licenses)
    if package.layer != NO_LAYER:
        return msgspec.structs.replace(package, identifier=identifier, licenses=licenses)
    return msgspec.structs.replace(
        package,
        identifier=identifier,
        layer=origin.layer,
        installed_files=origin.installed_files,
        build_info=origin.build_info or package.build_info,
        licenses=licenses,
    )


def _package_origins(layers: Sequence[LayerInventory]) -> dict[_Version, _Origin]:
    """Rule 2 for packages of the operating system."""
    builds = _build_infos(layers)
    origins: dict[_Version, _Origin] = {}
    for layer, build_info in zip(layers, builds, strict=True):
        reference = _reference(layer)
        for item in layer.found:
            if isinstance(item, OsPackages):
                for package in item.packages:
                    key = _version(package)
                    if key not in origins:
                        origins[key] = _Origin(reference, package.installed_files, build_info)
    return origins


def _build_infos(layers: Sequence[LayerInventory]) -> list[BuildInfo | None]:
    """The Red Hat build facts that hold for each layer.

    A base layer has none of its own and takes the next one's; layers built on top take those of the nearest layer
    below.
    """
    own = [_build_info(layer) for layer in layers]
    holding = list(own)
    for number in range(1, len(holding)):
        below = next((info for info in reversed(own[:number]) if info is not None), None)
        holding[number] = own[number] or below
    if len(own) > 1:
        holding[0] = own[0] or own[1]
    return holding


def _build_info(layer: LayerInventory) -> BuildInfo | None:
    """The layer's content sets and its build's name and architecture, which two files tell."""
    infos = [item.build_info for item in layer.found if isinstance(item, BuildInformation)]
    if not infos:
        return None
    merged = infos[0]
    for info in infos[1:]:
        if info.nvr or info.arch:
            merged = msgspec.structs.replace(merged, nvr=info.nvr, arch=info.arch)
        if info.content_sets:
            merged = msgspec.structs.replace(merged, content_sets=info.content_sets)
    return merged


def _applications(shelf: Shelf, layers: Sequence[LayerInventory]) -> tuple[Application, ...]:
    origins = _application_origins(layers)
    single: list[Application] = []
    gathered: dict[str, list[Package]] = {}
    for application in shelf.kept(Application):
        packages = [_placed(package, application, origins) for package in application.packages]
        if application.type in AGGREGATED:
            gathered.setdefault(application.type, []).extend(packages)
        else:
            single.append(_application(application.path, application.type, packages))
    single.extend(_application("", kind, packages) for kind, packages in gathered.items() if packages)
    return tuple(sorted(single, key=application_order))


def _application(path: str, kind: str, packages: Iterable[Package]) -> Application:
    return Application(path=path, type=kind, packages=tuple(sorted(packages, key=package_order)))


def _placed(package: Package, application: Application, origins: dict[tuple[str, _Version], LayerRef]) -> Package:
    identifier = package.identifier
    if not identifier.purl:
        purl = application_package_url(package, application.type)
        identifier = msgspec.structs.replace(identifier, purl=purl)
    layer = origins[(application.path, _version(package))] if package.layer == NO_LAYER else package.layer
    return msgspec.structs.replace(package, identifier=identifier, layer=layer)


def _application_origins(layers: Sequence[LayerInventory]) -> dict[tuple[str, _Version], LayerRef]:
    """Rule 2 for language packages; the type of the application is not compared."""
    origins: dict[tuple[str, _Version], LayerRef] = {}
    for layer in layers:
        reference = _reference(layer)
        for item in layer.found:
            if isinstance(item, Application):
                for package in item.packages:
                    origins.setdefault((item.path, _version(package)), reference)
    return origins


def _version(package: Package) -> _Version:
    return (package.name, package.version, package.release)


def _reference(layer: LayerInventory) -> LayerRef:
    """A directory has no layers; the report then leaves the member out."""
    return LayerRef(digest=layer.digest, diff_id=layer.diff_id) if layer.diff_id else NO_LAYER


def _issues(layers: Sequence[LayerInventory]) -> tuple[Issue, ...]:
    """Rule 9; in order of the layers."""
    shelf = Shelf()
    for layer in layers:
        shelf.hide(layer.opaque, layer.whiteouts)
        told: dict[str, list[Issue]] = {item.path: [] for item in layer.found}
        for issue in layer.issues:
            told.setdefault(issue.path, []).append(issue)
        for path, issues in told.items():
            shelf.put(_Told(path, tuple(issues)))
    kept = {issue for told_here in shelf.kept(_Told) for issue in told_here.issues}
    return tuple(issue for layer in layers for issue in layer.issues if not issue.path or issue in kept)


def _not_analysed(shelf: Shelf, layers: Iterable[LayerInventory]) -> tuple[Unanalysed, ...]:
    """Rule 9, but for those that are too many to have their paths known."""
    tally = Tally()
    for file in shelf.kept(UnreadFile):
        tally.add(file.kind, file.path)
    for layer in layers:
        tally.add_all(layer.not_analysed)
    return tally.result()
