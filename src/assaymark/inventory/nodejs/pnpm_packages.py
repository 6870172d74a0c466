"""`pnpm-lock.yaml` before version 9: `packages` holds what is installed and what each depends on.

Packages for development only (`dev: true`) are left out. A package is direct when the project itself names it among its
`dependencies`; in a workspace, where only the importers name dependencies, none is. A package that is installed with
several sets of peers stands there several times under one ID, and has the dependencies of the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.inventory.graph import edges_of
from assaymark.inventory.nodejs.pnpm_keys import semantic, split_key
from assaymark.inventory.places import package_id
from assaymark.model.package import Package, Relationship


class _Entry(msgspec.Struct, frozen=True):
    name: str | None = None
    version: str | None = None
    dev: bool | None = None
    dependencies: dict[str, str | None] | None = None


class _Lockfile(msgspec.Struct, frozen=True):
    dependencies: dict[str, Any] | None = None
    packages: dict[str, _Entry | None] | None = None


_LOCKFILE: Final = _Lockfile
msgspec.convert({}, _LOCKFILE)  # compiled on import: two threads that compile one type at once crash msgspec

_NO_ENTRY: Final = _Entry()


def read_packages(document: Mapping[str, Any], version: float) -> list[Package]:
    """The packages of a document.

    Raises:
        ValueError: a member has another type than pnpm gives it.
    """
    try:
        lockfile = msgspec.convert(document, _LOCKFILE)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a lockfile of pnpm: {exc}") from exc
    direct = lockfile.dependencies or {}
    entries = ((key, entry or _NO_ENTRY) for key, entry in (lockfile.packages or {}).items())
    packages = [_package(key, entry, version, direct) for key, entry in entries if not entry.dev]
    edges = edges_of(package for package in packages if package.depends_on)
    return [msgspec.structs.replace(package, depends_on=edges.get(package.id, ())) for package in packages]


def _package(key: str, entry: _Entry, version: float, direct: Mapping[str, Any]) -> Package:
    if entry.name:
        name, number = entry.name, entry.version or ""
    else:
        name, place = split_key(key, version)
        number = semantic(place)
    return Package(
        id=package_id(name, number),
        name=name,
        version=number,
        relationship=Relationship.DIRECT if name in direct else Relationship.INDIRECT,
        depends_on=tuple(sorted(package_id(*each) for each in _pairs(entry.dependencies))),
    )


def _pairs(dependencies: Mapping[str, str | None] | None) -> list[tuple[str, str]]:
    return [(name, place or "") for name, place in (dependencies or {}).items()]
