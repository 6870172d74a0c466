"""A report as components and what holds what, the form from which CycloneDX and SPDX are written.

1. The root is what was scanned. An image is named by its `pkg:oci` package URL too, which needs a digest of its
   repository (https://github.com/package-url/purl-spec, type `oci`).
2. The operating system is a component, and so is a lockfile, a program or an archive that lists packages. Packages that
   are gathered from everywhere (Python, Node.js, …) hang directly under the root.
3. A package hangs under its parent when no other package of the result needs it; a direct dependency does where the
   result has no root package. What a package needs are those of its result whose IDs it names.
4. A version has the epoch in front where the package URL has one. Names of Maven and npm are cut into group and name;
   those of npm keep the letter case of the package, which its package URL has lost.
5. Properties hold what the formats have no place for, by the reference's names; empty ones are left out. Two are ours,
   of the operating system: extended maintenance, and a supplier who rebuilt it.
6. A component is called by the name that an SBOM gave it, else by its package URL where no other component has it, else
   by a UUID that follows from its contents: the same report gives the same names.

Findings hang at the component of the package with the same identifier; a package that the report does not list, because
it lists none, is made from what its findings say of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from assaymark.model.finding import Finding
from assaymark.model.hierarchy import GATHERED, find_image_purl, hangs_under_holder, members, package_id
from assaymark.model.package import Package, Relationship
from assaymark.model.purl import Purl, find_purl
from assaymark.model.report import Metadata, Report, Result
from assaymark.model.uuids import uuid8

OWN: Final = "assaymark:"
"""Begins the names of properties that the reference does not have."""
_GROUPED: Final = frozenset({"maven", "npm"})
_NO_EPOCH: Final = ("", "0")


class Kind(Enum):
    """What a component is; of a root, what was scanned."""

    IMAGE = "container_image"
    FILESYSTEM = "filesystem"
    REPOSITORY = "repository"
    SYSTEM = "os"
    APPLICATION = "application"
    LIBRARY = "library"


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One component.

    Attributes:
        ref: its name in the document (rule 6).
        src_file: the lockfile that lists it.
        file_path, digest: of the file that it is, where it is one.
        properties: by name and value.
        findings: its vulnerabilities.
    """

    kind: Kind
    name: str
    ref: str = ""
    group: str = ""
    version: str = ""
    purl: str = ""
    supplier: str = ""
    licenses: tuple[str, ...] = ()
    src_name: str = ""
    src_version: str = ""
    src_file: str = ""
    file_path: str = ""
    digest: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


class Bom(msgspec.Struct, frozen=True, kw_only=True):
    """The components by place; the root's is 0.

    Attributes:
        holds: the places that a component holds (rule 3), for components that can hold others.
        needs: the places that a component depends on; a component without a list says nothing about it.
    """

    components: tuple[Component, ...]
    holds: dict[int, tuple[int, ...]]
    needs: dict[int, tuple[int, ...]]

    @property
    def root(self) -> Component:
        """What was scanned."""
        return self.components[0]


def bom_of(report: Report) -> Bom:
    """The components of a report."""
    maker = _Maker(report)
    for result in report.results:
        maker.add(result)
    return maker.bom()


class _Maker:
    """Components so far, by their places."""

    def __init__(self, report: Report) -> None:
        self._metadata = report.metadata
        self._components = [_root(report)]
        self._holds: dict[int, list[int]] = {0: []}
        self._needs: dict[int, list[int]] = {}

    def add(self, result: Result) -> None:
        """Rule 2."""
        if result.class_ not in {"os-pkgs", "lang-pkgs"}:
            return
        parent = 0
        if result.type not in GATHERED:
            parent = self._place(_holder(result, self._metadata))
            self._holds[0].append(parent)
            self._holds[parent] = []
        self._add_packages(result, parent)

    def _add_packages(self, result: Result, parent: int) -> None:
        findings: dict[str, list[Finding]] = {}
        for finding in result.vulnerabilities:
            findings.setdefault(finding.pkg_identifier.uid or _found_in(finding), []).append(finding)
        packages = {package.identifier.uid or _called(package): package for package in result.packages}
        packages |= {key: _found_package(found[0]) for key, found in findings.items() if key not in packages}
        places = {
            key: self._place(_library(package, result, tuple(findings.get(key, ()))))
            for key, package in packages.items()
        }
        named = {package_id(package): places[key] for key, package in packages.items()}
        needed = {name for package in packages.values() for name in package.depends_on}
        has_root = any(package.relationship is Relationship.ROOT for package in packages.values())
        for key, package in packages.items():
            if hangs_under_holder(package, needed, has_root=has_root):
                self._holds[parent].append(places[key])
            needs = [named[name] for name in dict.fromkeys(package.depends_on) if name in named]
            if needs or not package.depends_on:
                self._needs[places[key]] = needs

    def bom(self) -> Bom:
        """All of it, named."""
        return Bom(
            components=tuple(_named(self._components)),
            holds={place: tuple(held) for place, held in self._holds.items()},
            needs={place: tuple(needed) for place, needed in self._needs.items()},
        )

    def _place(self, component: Component) -> int:
        self._components.append(component)
        return len(self._components) - 1


# 1. the root


def _root(report: Report) -> Component:
    metadata = report.metadata
    kind = {"container_image": Kind.IMAGE, "repository": Kind.REPOSITORY}.get(report.artifact_type, Kind.FILESYSTEM)
    return Component(
        kind=kind,
        name=report.artifact_name,
        purl=str(find_image_purl(metadata) or "") if kind is Kind.IMAGE else "",
        properties=_properties(
            ("SchemaVersion", str(report.schema_version)),
            *_image_properties(metadata if kind is Kind.IMAGE else None),
            ("Size", str(metadata.size or "")),
            *(("RepoDigest", digest) for digest in metadata.repo_digests),
            *(("DiffID", diff_id) for diff_id in metadata.diff_ids),
            *(("RepoTag", tag) for tag in metadata.repo_tags),
            ("Reference", metadata.reference),
        ),
    )


def _image_properties(metadata: Metadata | None) -> Iterator[tuple[str, str]]:
    if metadata is None:
        return
    yield "ImageID", metadata.image_id
    labels = members(members(members(metadata.image_config).get("config")).get("Labels"))
    yield from ((f"Labels:{name}", value) for name, value in labels.items() if isinstance(value, str))


# 2. what holds packages


def _holder(result: Result, metadata: Metadata) -> Component:
    stated = [("Type", result.type), ("Class", result.class_)]
    if result.class_ != "os-pkgs":
        return Component(kind=Kind.APPLICATION, name=result.target, properties=_properties(*stated))
    system = metadata.os
    if system is None:
        return Component(kind=Kind.SYSTEM, name=result.target, properties=_properties(*stated))
    extended = f"{OWN}extended", "true" if system.extended else ""
    return Component(
        kind=Kind.SYSTEM,
        name=system.family,
        version=system.name,
        properties=_properties(*stated, extended, (f"{OWN}supplier", system.supplier)),
    )


# 3 to 5. packages


def _library(package: Package, result: Result, findings: tuple[Finding, ...]) -> Component:
    purl = find_purl(package.identifier.purl)
    group, name = _group_and_name(package, purl)
    build = package.build_info
    lists = result.class_ == "lang-pkgs" and result.type not in GATHERED
    return Component(
        kind=Kind.LIBRARY,
        name=name,
        ref=package.identifier.bom_ref,
        group=group,
        version=_version(package, purl),
        purl=str(purl or ""),
        supplier=package.maintainer,
        licenses=tuple(filter(None, package.licenses)),
        src_name=package.src_name,
        src_version=package.full_src_version,
        src_file=result.target if lists else "",
        file_path=package.file_path,
        digest=package.digest,
        properties=_properties(
            ("PkgID", package.id),
            ("PkgType", result.type),
            ("FilePath", package.file_path),
            ("SrcName", package.src_name),
            ("SrcVersion", package.src_version),
            ("SrcRelease", package.src_release),
            ("SrcEpoch", str(package.src_epoch or "")),
            ("Modularitylabel", package.modularitylabel),
            ("LayerDigest", package.layer.digest),
            ("LayerDiffID", package.layer.diff_id),
            *(("ContentSet", each) for each in (build.content_sets if build else ())),
            ("NVR", build.nvr if build else ""),
            ("Arch", build.arch if build else ""),
        ),
        findings=findings,
    )


def _group_and_name(package: Package, purl: Purl | None) -> tuple[str, str]:
    """Rule 4."""
    if purl is None or purl.type not in _GROUPED:
        return "", package.name
    whole = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    if purl.type == "npm" and whole == package.name.lower():
        group, _, name = package.name.rpartition("/")
        return group, name
    return purl.namespace, purl.name


def _version(package: Package, purl: Purl | None) -> str:
    """Rule 4; a module replaced by a local folder has no package URL."""
    if purl is None:
        return package.full_version
    epoch = dict(purl.qualifiers).get("epoch", "")
    return purl.version if epoch in _NO_EPOCH else f"{epoch}:{purl.version}"


def _properties(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pair for pair in pairs if pair[1]))


def _called(package: Package) -> str:
    """What tells packages of one result apart where they have no identifier of their own."""
    return f"{package.id}\n{package.name}\n{package.full_version}\n{package.file_path}"


def _found_in(finding: Finding) -> str:
    return f"{finding.pkg_id}\n{finding.pkg_name}\n{finding.installed_version}\n{finding.pkg_path}"


def _found_package(finding: Finding) -> Package:
    return Package(
        id=finding.pkg_id,
        name=finding.pkg_name,
        identifier=finding.pkg_identifier,
        version=finding.installed_version,
        layer=finding.layer,
        file_path=finding.pkg_path,
    )


# 6. names


def _named(components: list[Component]) -> Iterator[Component]:
    uses = Counter(component.purl for component in components)
    taken = {component.ref for component in components if component.ref}
    for place, component in enumerate(components):
        if component.ref:
            yield component
            continue
        ref = component.purl if component.purl and uses[component.purl] == 1 else ""
        if not ref or ref in taken:
            ref = uuid8(f"{place}\n{component}".encode("utf-8", "replace"))
        taken.add(ref)
        yield msgspec.structs.replace(component, ref=ref)
