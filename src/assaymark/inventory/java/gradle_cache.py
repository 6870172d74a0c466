"""The POMs in Gradle's cache (`~/.gradle/caches`): what a lockfile does not say of its packages.

A file is `…/<group>/<artifact>/<version>/<checksum>/<artifact>-<version>.pom`. Rules, those of the reference:

1. Read are the POMs in the folders of the lockfile's packages; one that names no group or version has its folders'.
2. Counted are POMs with licences or dependencies; the last one of a package, in order of their paths.
3. A dependency's version that is one property is looked up in the POM's own properties; where one is not found there,
   the POM as a whole is passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from assaymark.errors import Error
from assaymark.inventory.analyzer import Input
from assaymark.inventory.java.names import maven_id, package_name
from assaymark.safeio.xml import Element, parse_xml

CACHE: Final = "gradle"


class CachedPom(msgspec.Struct, frozen=True):
    """What is taken from a POM: the names of its licences, and the identifiers of its dependencies."""

    licenses: tuple[str, ...]
    dependencies: tuple[str, ...]


def read_gradle_cache(source: Input, wanted: Collection[str]) -> dict[str, CachedPom]:
    """The POMs of the `wanted` packages, by identifier; those that cannot be read are passed over."""
    found: dict[str, CachedPom] = {}
    for path in source.host.names(CACHE, ".pom"):
        group, artifact, version, *_ = ("", "", "", *path.split("/"))[-5:]
        if maven_id(package_name(group, artifact), version) not in wanted:
            continue
        with suppress(Error, ValueError):
            data = source.host.read(CACHE, path, source.limits.xml_bytes)
            root = parse_xml(data or b"", limits=source.limits, what=path)
            pom = _read(root)
            if root.value("artifactId") and (pom.licenses or pom.dependencies):
                named = package_name(root.value("groupId") or group, root.value("artifactId"))
                found[maven_id(named, root.value("version") or version)] = pom
    return found


def _read(root: Element) -> CachedPom:
    """Rules 2 and 3."""
    properties = {each.name: each.text for parent in root.all("properties") for each in parent.children}
    return CachedPom(
        licenses=tuple(each.value("name") for each in root.all("licenses", "license")),
        dependencies=tuple(_dependency(each, properties) for each in root.all("dependencies", "dependency")),
    )


def _dependency(element: Element, properties: Mapping[str, str]) -> str:
    version = element.value("version")
    if version.startswith("${") and version.endswith("}"):
        name = version.removeprefix("${").removesuffix("}")
        if name not in properties:
            raise ValueError(f"the property `{name[:100]}` is not known")
        version = properties[name]
    return maven_id(package_name(element.value("groupId"), element.value("artifactId")), version)
