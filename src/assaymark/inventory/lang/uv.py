"""`uv.lock` (https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile).

1. Exactly one package is the project itself, the root: its source is `editable` or `virtual` at `.`. A lockfile with
   none, or with several, is an error.
2. What the root names under `dependencies`, `optional-dependencies` or `dev-dependencies` is direct, the rest indirect.
3. A package is for development when no chain of dependencies and optional dependencies leads from the root to its name.
4. Dependencies are names; of several packages with one name the last is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.graph import reachable
from assaymark.inventory.places import package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package, Relationship
from assaymark.safeio.toml import decode_toml

_TYPE: Final = "uv"
_HERE: Final = "."


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


_List = tuple[_Named, ...]


class _Source(msgspec.Struct, frozen=True):
    editable: str = ""
    virtual: str = ""


class _Entry(msgspec.Struct, frozen=True, rename="kebab"):
    name: str = ""
    version: str = ""
    source: _Source = _Source()
    dependencies: _List = ()
    dev_dependencies: dict[str, _List] = {}
    optional_dependencies: dict[str, _List] = {}

    @property
    def id(self) -> str:
        return package_id(self.name, self.version)

    @property
    def is_root(self) -> bool:
        return _HERE in (self.source.editable, self.source.virtual)

    def production(self) -> frozenset[str]:
        """The names that are installed with the package, extras included."""
        return _names(self.dependencies, self.optional_dependencies)

    def all_names(self) -> frozenset[str]:
        """Those and the names of development groups."""
        return self.production() | _names((), self.dev_dependencies)


class _Lock(msgspec.Struct, frozen=True):
    package: tuple[_Entry, ...] = ()


msgspec.convert({}, _Lock)  # compiled on import: two threads that compile one type at once crash msgspec


def _names(plain: _List, groups: Mapping[str, _List]) -> frozenset[str]:
    return frozenset(each.name for each in (*plain, *(named for group in groups.values() for named in group)))


def _parse(source: Input) -> Iterator[Found]:
    table = decode_toml(source.file.read(source.limits.toml_bytes), limits=source.limits, what=source.path)
    entries = msgspec.convert(table, _Lock).package
    if len(entries) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    roots = [entry for entry in entries if entry.is_root]
    if len(roots) != 1:
        raise ValueError(f"{len(roots)} packages are the project itself, and one is expected")
    yield Application(path=source.path, type=_TYPE, packages=tuple(_packages(entries, roots[0])))


def _packages(entries: tuple[_Entry, ...], root: _Entry) -> Iterator[Package]:
    by_name = {entry.name: entry for entry in entries}
    edges = {name: entry.production() & by_name.keys() for name, entry in by_name.items()}
    edges[root.name] = root.production() & by_name.keys()
    production = reachable([root.name], edges)
    direct = root.all_names()
    graph = {entry.id: targets for entry in entries if (targets := _depends_on(entry, by_name))}
    for entry in entries:
        indirect = Relationship.DIRECT if entry.name in direct else Relationship.INDIRECT
        yield Package(
            id=entry.id,
            name=entry.name,
            version=entry.version,
            relationship=Relationship.ROOT if entry.is_root else indirect,
            dev=entry.name not in production,
            depends_on=graph.get(entry.id, ()),
        )


def _depends_on(entry: _Entry, by_name: Mapping[str, _Entry]) -> tuple[str, ...]:
    return tuple(sorted(by_name[name].id for name in entry.all_names() if name in by_name))


ANALYZER: Final = Analyzer(name="uv", version=1, kind="lang", paths=("uv.lock",), targets=("fs", "repo"), parse=_parse)
