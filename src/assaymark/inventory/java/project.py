"""A `pom.xml` as it is written (maven.apache.org/pom.html): only what leads to dependencies.

Texts keep their variables and blanks; of an element that comes twice the last counts, as for the reference's decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.java.coordinates import pom_licenses
from assaymark.inventory.java.names import package_name
from assaymark.limits import Limits
from assaymark.model.maven import MavenRepository
from assaymark.model.package import Location
from assaymark.safeio.xml import Element, parse_xml

_ENTRIES: Final = (("dependencies", "dependency"), ("dependencyManagement", "dependencies", "dependency"))
_BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("", "0", "f", "F", "FALSE", "false", "False"), False),
}


class Exclusion(msgspec.Struct, frozen=True):
    """A dependency of a dependency that is left out; `*` stands for every name."""

    group: str
    artifact: str


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `dependencies`, or of `dependencyManagement`."""

    group: str
    artifact: str
    version: str = ""
    scope: str = ""
    optional: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    location: Location | None = None

    @property
    def name(self) -> str:
        """Group and artifact."""
        return package_name(self.group, self.artifact)

    @property
    def is_plain(self) -> bool:
        """Whether nothing in it has to be replaced or trimmed."""
        texts = (self.group, self.artifact, self.version, self.scope)
        return not any("${" in text or text != text.strip() for text in texts)


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The element `parent`."""

    group: str = ""
    artifact: str = ""
    version: str = ""
    path: str = ""


@dataclass
class Project:
    """A POM; inheriting from its parent changes it.

    Attributes:
        path: in the scanned tree; empty for one from a repository.
    """

    path: str = ""
    parent: Parent = field(default_factory=Parent)
    group: str = ""
    artifact: str = ""
    version: str = ""
    licenses: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    managed: tuple[Dependency, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    repositories: tuple[MavenRepository, ...] = ()

    def all_properties(self) -> dict[str, str]:
        """The properties with what elements of the POM define: `project.version`, and the old form `version`.

        Elements win; parts of the parent do not replace what is there under `parent.`.
        """
        elements = {
            "parent.groupId": self.parent.group,
            "parent.artifactId": self.parent.artifact,
            "parent.version": self.parent.version,
            "parent.relativePath": self.parent.path,
            "groupId": self.group,
            "artifactId": self.artifact,
            "version": self.version,
        }
        listed = elements | {name: value for name, value in self.properties.items() if not elements.get(name)}
        listed |= {"groupId": self.group, "version": self.version}
        own = {name: value for name, value in listed.items() if not name.startswith("project.")}
        return self.properties | {f"project.{name}": value for name, value in own.items()} | own


def parse_project(data: bytes, path: str, *, limits: Limits, located: bool = False) -> Project:
    """The POM in `data`.

    Args:
        data: the file.
        path: in the scanned tree, or empty.
        limits: the bounds.
        located: whether dependencies shall have their lines.

    Raises:
        ArtifactError: it is no XML.
        LimitError: it is too large or too deep.
        ValueError: something is neither true nor false.
    """
    root = parse_xml(data, limits=limits, what=path or "pom.xml")
    entries = sum(1 for way in _ENTRIES for _ in root.all(*way))
    if entries > limits.pom_entries:
        raise LimitError(f"more than {limits.pom_entries} dependencies in one POM")
    parent = root.find("parent") or Element("parent")
    sections = list(root.all("properties"))
    return Project(
        path=path,
        parent=Parent(
            group=parent.value("groupId"),
            artifact=parent.value("artifactId"),
            version=parent.value("version"),
            path=parent.value("relativePath"),
        ),
        group=root.value("groupId"),
        artifact=root.value("artifactId"),
        version=root.value("version"),
        licenses=tuple(pom_licenses(root)),
        modules=tuple(each.text for each in root.all("modules", "module")),
        properties={each.name: each.text for section in sections[-1:] for each in section.children},
        managed=tuple(_dependency(each) for each in root.all("dependencyManagement", "dependencies", "dependency")),
        dependencies=tuple(_dependency(each, located=located) for each in root.all("dependencies", "dependency")),
        repositories=tuple(_repositories(root)),
    )


def is_true(text: str) -> bool:
    """What the text says, as Go reads it; nothing is no.

    Raises:
        ValueError: neither true nor false.
    """
    word = text.strip()
    if word not in _BOOLEANS:
        raise ValueError(f"`{word[:40]}` is neither true nor false")
    return _BOOLEANS[word]


def _dependency(element: Element, *, located: bool = False) -> Dependency:
    return Dependency(
        group=element.value("groupId"),
        artifact=element.value("artifactId"),
        version=element.value("version"),
        scope=element.value("scope"),
        optional=is_true(element.value("optional")),
        exclusions=tuple(
            Exclusion(each.value("groupId"), each.value("artifactId"))
            for each in element.all("exclusions", "exclusion")
        ),
        location=Location(start_line=element.line, end_line=element.end_line) if located else None,
    )


def _repositories(root: Element) -> Iterator[MavenRepository]:
    for each in root.all("repositories", "repository"):
        releases, snapshots = (each.value(kind, "enabled") in ("", "true") for kind in ("releases", "snapshots"))
        if releases or snapshots:
            yield MavenRepository(each.value("url").strip(), releases, snapshots, each.value("id"))
