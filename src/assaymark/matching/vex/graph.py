"""A report as components and what holds them: the way from a vulnerable package up to what was scanned.

The tree is that of `assaymark.model.hierarchy`: what was scanned holds the operating system, lockfiles and gathered
packages; those hold packages; and a package hangs also under those that need it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from assaymark.matching.vex.component import Component, ImageFacts, bom_link
from assaymark.model.artifact import ArtifactType
from assaymark.model.hierarchy import GATHERED, find_image_purl, hangs_under_holder, members, package_id
from assaymark.model.package import Package, Relationship
from assaymark.model.purl import find_purl
from assaymark.model.reference import find_reference
from assaymark.model.report import Report, Result

ROOT = 0


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of what was scanned beside the report.

    Attributes:
        serial, version: of a CycloneDX SBOM that was scanned.
        digests: of a scanned image's manifest and index.
    """

    serial: str = ""
    version: int = 0
    digests: tuple[str, ...] = ()


class Graph:
    """Components by their places, of which the root's is 0, and the places above each in a bill of materials' order."""

    def __init__(self, report: Report, subject: Subject) -> None:
        self.components = [_root(report, subject)]
        self.parents: list[list[int]] = [[]]
        self._by_uid: list[dict[str, int]] = []
        self._subject = subject
        for result in report.results:
            self._by_uid.append(self._add(result))

    def find(self, result: int, uid: str) -> int | None:
        """The place of the package with this identifier in the result with this number."""
        return self._by_uid[result].get(uid) if uid else None

    def _add(self, result: Result) -> dict[str, int]:
        if result.class_ not in {"os-pkgs", "lang-pkgs"}:
            return {}
        holder = ROOT if result.type in GATHERED else self._place(Component(), [ROOT])
        needed = {name for package in result.packages for name in package.depends_on}
        has_root = any(package.relationship is Relationship.ROOT for package in result.packages)
        places = [self._place(self._component(package), []) for package in result.packages]
        named = {package_id(package): place for package, place in zip(result.packages, places, strict=True)}
        for package, place in zip(result.packages, places, strict=True):
            if hangs_under_holder(package, needed, has_root=has_root):
                self.parents[place].append(holder)
            for name in package.depends_on:
                if name in named:
                    self.parents[named[name]].append(place)
        return {package.identifier.uid: place for package, place in zip(result.packages, places, strict=True)}

    def _place(self, component: Component, parents: list[int]) -> int:
        self.components.append(component)
        self.parents.append(parents)
        return len(self.components) - 1

    def _component(self, package: Package) -> Component:
        purl = find_purl(package.identifier.purl)
        text = str(purl) if purl else ""
        return Component(
            purl=purl,
            text=text,
            links=_links(self._subject, (package.identifier.bom_ref, text)),
            package=package,
        )


def _links(subject: Subject, names: Iterable[str]) -> frozenset[str]:
    if not subject.serial:
        return frozenset()
    return frozenset(bom_link(subject.serial, subject.version, name) for name in names if name)


def _root(report: Report, subject: Subject) -> Component:
    if report.artifact_type != ArtifactType.CONTAINER_IMAGE.value:
        return Component(is_root=True)
    purl = find_image_purl(report.metadata)
    return Component(purl=purl, text=str(purl or ""), image=_image_facts(report, subject), is_root=True)


def _image_facts(report: Report, subject: Subject) -> ImageFacts:
    metadata = report.metadata
    references = [
        reference
        for text in (*metadata.repo_digests, *metadata.repo_tags, metadata.reference)
        if (reference := find_reference(text)) is not None
    ]
    digests = {*subject.digests, metadata.image_id, *(str(each.digest) for each in references if each.digest)}
    architecture = members(metadata.image_config).get("architecture")
    return ImageFacts(
        digests=frozenset(digests - {""}),
        repositories=frozenset(each.context for each in references),
        tags=frozenset(f"{each.context}:{each.tag}" for each in references if each.tag),
        architecture=architecture if isinstance(architecture, str) else "",
    )
