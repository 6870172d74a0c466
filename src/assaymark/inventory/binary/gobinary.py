"""Executables that Go built, whatever system they run on (`assaymark.inventory.golang.build_info`).

Rules:

1. The standard library is the package `stdlib`. Its version is Go's up to the first blank or `-X:`, behind which
   experiments and vendors stand.
2. Modules keep the `v` of their versions. One from a checkout has no version, and then its path is its identifier.
3. The program's own module is the root and depends on everything; `golang.main_version` finds its version. Programs of
   Go's own distribution have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.executables.opening import BUILD_INFO, SIEVE, open_marked
from assaymark.inventory.golang.build_info import BuildInfo, read_build_info
from assaymark.inventory.golang.main_version import main_version, stated_version
from assaymark.inventory.golang.versions import module_id
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package, Relationship


def _parse(source: Input) -> Iterator[Found]:
    with source.file.open() as stream:
        program = open_marked(stream, BUILD_INFO, limits=source.limits)
        info = read_build_info(program) if program else None
        if program is None or info is None:
            return
        packages = list(_dependencies(info))
        if info.main is not None and info.main.path:
            version = main_version(info, info.main, program)
            packages.append(
                Package(
                    id=module_id(info.main.path, version),
                    name=info.main.path,
                    version=version,
                    relationship=Relationship.ROOT,
                    depends_on=tuple(sorted(package.id for package in packages)),
                )
            )
    yield Application(path=source.path, type="gobinary", packages=tuple(packages))


def _dependencies(info: BuildInfo) -> Iterator[Package]:
    """Rules 1 and 2; a dependency without a path is an old compiler's mistake."""
    go = "v" + info.go_version.removeprefix("go").partition(" ")[0].partition("-X:")[0]
    yield Package(id=module_id("stdlib", go), name="stdlib", version=go, relationship=Relationship.DIRECT)
    for module in info.dependencies:
        if module.path:
            version = stated_version(module.version)
            yield Package(id=module_id(module.path, version), name=module.path, version=version)


ANALYZER: Final = Analyzer(
    name="gobinary",
    version=1,
    kind="binary",
    paths=("+x", "*.exe"),
    targets=("image", "rootfs"),
    sieve=SIEVE,
    parse=_parse,
)
