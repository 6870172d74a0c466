"""`pnpm-lock.yaml` from version 9: a snapshot for each installed package together with its peers.

1. A snapshot's key is the package's ID. Its version is the one that `packages` states, else the key's.
2. A package is direct when any importer (project or workspace) names it among its dependencies, for development or not.
3. What an importer needs in production, and all that this leads to, is not for development only.
4. A package depends on those of its dependencies and optional dependencies that `packages` lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.inventory.graph import mark_dev
from assaymark.inventory.nodejs.pnpm_keys import semantic, split_key, without_peers
from assaymark.inventory.places import package_id
from assaymark.model.package import Package, Relationship


class _Resolved(msgspec.Struct, frozen=True):
    version: str | None = None


class _Importer(msgspec.Struct, frozen=True, rename="camel"):
    dependencies: dict[str, _Resolved | None] | None = None
    dev_dependencies: dict[str, _Resolved | None] | None = None


class _Snapshot(msgspec.Struct, frozen=True, rename="camel"):
    dependencies: dict[str, str | None] | None = None
    optional_dependencies: dict[str, str | None] | None = None


class _Lockfile(msgspec.Struct, frozen=True):
    importers: dict[str, _Importer | None] | None = None
    packages: dict[str, _Resolved | None] | None = None
    snapshots: dict[str, _Snapshot | None] | None = None


_LOCKFILE: Final = _Lockfile
msgspec.convert({}, _LOCKFILE)  # compiled on import: two threads that compile one type at once crash msgspec

_NO_SNAPSHOT: Final = _Snapshot()


def read_snapshots(document: Mapping[str, Any], version: float) -> list[Package]:
    """The packages of a document.

    Raises:
        ValueError: a member has another type than pnpm gives it.
    """
    try:
        lockfile = msgspec.convert(document, _LOCKFILE)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a lockfile of pnpm: {exc}") from exc
    importers = [importer for importer in (lockfile.importers or {}).values() if importer]
    production = _named((importer.dependencies for importer in importers), version)
    direct = production | _named((importer.dev_dependencies for importer in importers), version)
    listed = lockfile.packages or {}
    packages: list[Package] = []
    needed: list[str] = []
    for key, snapshot in (lockfile.snapshots or {}).items():
        name, place = split_key(key, version)
        short = package_id(name, place)
        stated = listed.get(short)
        if short in production:
            needed.append(key)
        packages.append(
            Package(
                id=key,
                name=name,
                version=(stated.version if stated else "") or semantic(place),
                relationship=Relationship.DIRECT if short in direct else Relationship.INDIRECT,
                depends_on=tuple(sorted(_depends_on(snapshot or _NO_SNAPSHOT, listed, version))),
            )
        )
    return mark_dev(packages, needed)


def _named(dependencies: Iterable[Mapping[str, _Resolved | None] | None], version: float) -> set[str]:
    """Rule 2: `name@version` of all that importers name."""
    return {
        package_id(name, without_peers((resolved.version if resolved else "") or "", version))
        for each in dependencies
        for name, resolved in (each or {}).items()
    }


def _depends_on(snapshot: _Snapshot, listed: Mapping[str, Any], version: float) -> Iterator[str]:
    """Rule 4."""
    for name, place in {**(snapshot.optional_dependencies or {}), **(snapshot.dependencies or {})}.items():
        if package_id(name, without_peers(place or "", version)) in listed:
            yield package_id(name, place or "")
