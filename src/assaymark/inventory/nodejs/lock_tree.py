"""`package-lock.json` version 1: nested `dependencies`.

A dependency's `requires` are looked up among its own nested dependencies first and then outwards. Nothing tells which
dependencies the project names itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.inventory.json_lines import NOWHERE, Path
from assaymark.inventory.places import merge_places, package_id
from assaymark.model.package import Location, Package


class _Dependency(msgspec.Struct, frozen=True):
    version: str | None = None
    dev: bool | None = None
    dependencies: dict[str, _Dependency] | None = None
    requires: Any = None  # names and ranges, or `true` in files of early versions


_DEPENDENCIES: Final = dict[str, _Dependency]
msgspec.convert({}, _DEPENDENCIES)  # compiled on import: two threads that compile one type at once crash msgspec


class _Scope(msgspec.Struct, frozen=True):
    """The dependencies of one level, and the levels around it."""

    names: Mapping[str, _Dependency]
    outer: _Scope | None = None

    def find(self, name: str) -> _Dependency | None:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


def read_tree(document: Mapping[str, Any], lines: Mapping[Path, Location]) -> list[Package]:
    """The packages of a version 1 document.

    Raises:
        ValueError: a member has another type than npm gives it.
    """
    try:
        dependencies = msgspec.convert(document.get("dependencies") or {}, _DEPENDENCIES)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a lockfile of npm: {exc}") from exc
    return merge_places(_level(_Scope(dependencies), ("dependencies",), lines))


def _level(scope: _Scope, path: Path, lines: Mapping[Path, Location]) -> Iterator[Package]:
    for name, dependency in scope.names.items():
        here = (*path, name)
        nested = _Scope(dependency.dependencies or {}, scope)
        version = dependency.version or ""
        yield Package(
            id=package_id(name, version),
            name=name,
            version=version,
            dev=bool(dependency.dev),
            depends_on=_depends_on(dependency, nested),
            locations=(lines.get(here, NOWHERE),),
        )
        if nested.names:
            yield from _level(nested, (*here, "dependencies"), lines)


def _depends_on(dependency: _Dependency, scope: _Scope) -> tuple[str, ...]:
    names = dependency.requires if isinstance(dependency.requires, dict) else {}
    found = ((name, scope.find(name)) for name in names)
    return tuple(sorted(package_id(name, target.version or "") for name, target in found if target is not None))
