"""Gradle's `gradle.lockfile` (https://docs.gradle.org/current/userguide/dependency_locking.html).

A line is `group:artifact:version=configuration,configuration`. Rules:

1. Comments (`#`) and lines without exactly two colons, such as the last one (`empty=…`), name no package.
2. A package is for development only when the names of all its configurations begin with `test`.
3. A package that comes twice is listed once, with both lines; it is for development only if both are.
4. Licences and the dependencies between the listed packages are read from the POMs in Gradle's own cache on this
   machine, where there is one (`assaymark.inventory.java.gradle_cache`).

Gradle's `verification-metadata.xml` lists checksums of everything that was ever resolved, build plug-ins included, and
not what a project uses: the reference does not read it, and neither do we.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.java.gradle_cache import CachedPom, read_gradle_cache
from assaymark.inventory.java.names import maven_id
from assaymark.inventory.lines import file_lines
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Location, Package
from assaymark.safeio.text import decode_utf8


def _parse(source: Input) -> Iterator[Found]:
    packages: dict[str, Package] = {}
    for number, line in enumerate(file_lines(source), start=1):
        package = _find_package(decode_utf8(line).strip(), number)
        if package:
            packages[package.id] = _merged(packages.get(package.id), package)
        if len(packages) > source.limits.packages_per_file:
            raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if packages:
        poms = read_gradle_cache(source, packages)
        known = tuple(_with_pom(package, poms.get(package.id), packages) for package in packages.values())
        yield Application(path=source.path, type="gradle", packages=known)


def _find_package(line: str, number: int) -> Package | None:
    """Rules 1 and 2."""
    parts = line.split(":")
    if line.startswith("#") or len(parts) != 3:
        return None
    name = f"{parts[0]}:{parts[1]}"
    version, _, configurations = parts[2].partition("=")
    return Package(
        id=maven_id(name, version),
        name=name,
        version=version,
        dev=all(configuration.startswith("test") for configuration in configurations.split(",")),
        locations=(Location(start_line=number, end_line=number),),
    )


def _merged(first: Package | None, second: Package) -> Package:
    """Rule 3."""
    if first is None:
        return second
    return msgspec.structs.replace(first, dev=first.dev and second.dev, locations=(*first.locations, *second.locations))


def _with_pom(package: Package, pom: CachedPom | None, packages: dict[str, Package]) -> Package:
    """Rule 4."""
    if pom is None:
        return package
    depends_on = sorted(name for name in pom.dependencies if name in packages)
    return msgspec.structs.replace(package, licenses=pom.licenses, depends_on=tuple(depends_on))


ANALYZER: Final = Analyzer(
    name="gradle-lockfile",
    version=2,
    kind="lang",
    paths=("*gradle.lockfile",),
    targets=("fs", "repo"),
    application="gradle",
    parse=_parse,
)
