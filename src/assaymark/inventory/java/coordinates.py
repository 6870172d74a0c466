"""What names the artifact of an archive: its file, a `pom.properties` in it, and the licences of a `pom.xml` in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.inventory.license_urls import find_license_by_url
from assaymark.limits import Limits
from assaymark.safeio.text import decode_utf8
from assaymark.safeio.xml import Element, parse_xml

_FILE: Final = re.compile(r"([a-zA-Z0-9._-]*[^-*])-([0-9][^\t\n\f\r ]*(?:-SNAPSHOT)?)[^\n]jar")
_LONGEST_NAME: Final = 1_024  # matching takes quadratic time, and file systems allow 255
_EMBEDDED: Final = re.compile(r"META-INF/maven/([^/]+)/(.+)/pom\.xml", re.DOTALL)


class Coordinates(msgspec.Struct, frozen=True):
    """Group, artifact and version; empty where unknown."""

    group: str = ""
    artifact: str = ""
    version: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.group and self.artifact and self.version)


def coordinates_of_file(name: str) -> Coordinates:
    """Artifact and version from a file's name: `spring-core-5.3.4-SNAPSHOT.jar`."""
    match = _FILE.fullmatch(name) if len(name) <= _LONGEST_NAME else None
    return Coordinates("", match[1], match[2]) if match else Coordinates()


def parse_pom_properties(data: bytes) -> Coordinates:
    """What a `pom.properties` of Maven's archiver says; of a key that comes twice the last counts."""
    values: dict[str, str] = {}
    for line in decode_utf8(data).split("\n"):
        key, _, value = line.strip().partition("=")
        values[key] = value
    return Coordinates(values.get("groupId", ""), values.get("artifactId", ""), values.get("version", ""))


def embedded_pom(name: str) -> tuple[str, str] | None:
    """Group and artifact of a `META-INF/maven/<group>/<artifact>/pom.xml`; None for other members."""
    match = _EMBEDDED.fullmatch(name)
    return (match[1], match[2]) if match else None


def parse_pom_licenses(data: bytes, *, limits: Limits, what: str) -> tuple[str, ...]:
    """The licences that a `pom.xml` declares for itself.

    Raises:
        ArtifactError: it is no XML.
        LimitError: it is too large or too deep.
    """
    return tuple(pom_licenses(parse_xml(data, limits=limits, what=what)))


def pom_licenses(root: Element) -> Iterator[str]:
    """The licences by their names, or else by an address that the SPDX License List knows."""
    for each in root.all("licenses", "license"):
        name = each.value("name").strip() or find_license_by_url(each.value("url"))
        if name:
            yield name
