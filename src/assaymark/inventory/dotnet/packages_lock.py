"""`packages.lock.json`: what NuGet resolved, for each target framework.

Specification: https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies.
Rules:

1. Every framework counts; a package that several resolve to one version is one package with all its places, direct if
   one of them says so.
2. Entries of type `Project` are parts of the same solution and no packages. `Direct` is direct, every other type
   (`Transitive`, `CentralTransitive`) indirect.
3. A package depends on what its own framework resolved; what it did not resolve is named without a version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.inventory.json_lines import NOWHERE, Path
from assaymark.inventory.places import merge_places, package_id
from assaymark.model.package import Location, Package, Relationship

FRAMEWORKS: Final = "dependencies"


class _Entry(msgspec.Struct, frozen=True):
    type: str | None = None
    resolved: str | None = None
    dependencies: dict[str, str | None] | None = None


_Frameworks = dict[str, dict[str, _Entry] | None] | None
msgspec.convert({}, _Frameworks)  # compiled on import: two threads that compile one type at once crash msgspec

_NO_ENTRY: Final = _Entry()


def read_packages_lock(document: Mapping[str, Any], lines: Mapping[Path, Location]) -> list[Package]:
    """The packages of all frameworks.

    Raises:
        ValueError: a member has another type than NuGet gives it.
    """
    try:
        frameworks = msgspec.convert(document.get(FRAMEWORKS), _Frameworks)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a lockfile of NuGet: {exc}") from exc
    return _joined(_packages(frameworks or {}, lines))


def _packages(frameworks: Mapping[str, dict[str, _Entry] | None], lines: Mapping[Path, Location]) -> Iterator[Package]:
    for framework, entries in frameworks.items():
        for name, entry in (entries or {}).items():
            if entry.type == "Project":
                continue
            version = entry.resolved or ""
            yield Package(
                id=package_id(name, version),
                name=name,
                version=version,
                relationship=Relationship.DIRECT if entry.type == "Direct" else Relationship.INDIRECT,
                depends_on=_depends_on(entry, entries or {}),
                locations=(lines.get((FRAMEWORKS, framework, name), NOWHERE),),
            )


def _depends_on(entry: _Entry, entries: Mapping[str, _Entry]) -> tuple[str, ...]:
    names = entry.dependencies or ()
    return tuple(sorted(package_id(name, entries.get(name, _NO_ENTRY).resolved or "") for name in names))


def _joined(packages: Iterator[Package]) -> list[Package]:
    """Rule 1; what a package depends on is what it depends on in any framework."""
    found = list(packages)
    depends_on: dict[str, set[str]] = {}
    for package in found:
        depends_on.setdefault(package.id, set()).update(package.depends_on)
    return [
        msgspec.structs.replace(package, depends_on=tuple(sorted(depends_on[package.id])))
        for package in merge_places(found)
    ]
