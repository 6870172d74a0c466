"""Conan's `conan.lock` of Conan 1 and 2 (https://docs.conan.io/2/tutorial/versioning/lockfiles.html).

Rules:

1. Version 1 has `graph_lock.nodes`: packages by number with a reference and the numbers that they require. What node
   `0`, the project, requires is direct; everything else is indirect.
2. Version 2 lists references in `requires`; `build_requires` and `python_requires` are not installed.
3. A reference is `name/version[@user/channel][#revision][:package]`; one with more or fewer than one slash in front of
   `@` and `#` is no package. Packages that several nodes hold stay several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.json_lines import EACH, NOWHERE, Path, located, object_lines
from assaymark.inventory.places import package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Location, Package, Relationship
from assaymark.safeio.text import decode_utf8

_SHAPE: Final = located(("graph_lock", "nodes", EACH), ("requires", EACH))
_PROJECT: Final = "0"


class _Node(msgspec.Struct, frozen=True):
    ref: str | None = None
    requires: list[str] | None = None


class _Graph(msgspec.Struct, frozen=True):
    nodes: dict[str, _Node] | None = None


class _Lock(msgspec.Struct, frozen=True):
    graph_lock: _Graph | None = None
    requires: list[str] | None = None


msgspec.convert({}, _Lock)  # compiled on import: two threads that compile one type at once crash msgspec


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.json_bytes)
    lock = _lock(decode_object(data, limits=source.limits, what=source.path))
    lines = object_lines(decode_utf8(data), _SHAPE)
    nodes = lock.graph_lock.nodes if lock.graph_lock else None
    packages = tuple(_listed(lock.requires or [], lines) if nodes is None else _graph(nodes, lines))
    if len(packages) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if packages:
        yield Application(path=source.path, type="conan", packages=packages)


def _lock(document: dict[str, Any]) -> _Lock:
    try:
        return msgspec.convert(document, _Lock)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a lockfile of Conan: {exc}") from exc


def _listed(references: list[str], lines: Mapping[Path, Location]) -> Iterator[Package]:
    """Rule 2."""
    for number, reference in enumerate(references):
        package = _find_package(reference, lines.get(("requires", number), NOWHERE))
        if package is not None:
            yield package


def _graph(nodes: Mapping[str, _Node], lines: Mapping[Path, Location]) -> Iterator[Package]:
    """Rule 1."""
    located_nodes = ((name, node, lines.get(("graph_lock", "nodes", name), NOWHERE)) for name, node in nodes.items())
    found = {name: _find_package(node.ref or "", place) for name, node, place in located_nodes}
    packages = {name: package for name, package in found.items() if package is not None}
    direct = frozenset(nodes[_PROJECT].requires or ()) if _PROJECT in nodes else frozenset[str]()
    needs = {package.id: targets for name, package in packages.items() if (targets := _needs(nodes[name], packages))}
    for name, package in packages.items():
        yield msgspec.structs.replace(
            package,
            relationship=Relationship.DIRECT if name in direct else Relationship.INDIRECT,
            depends_on=needs.get(package.id, ()),
        )


def _needs(node: _Node, packages: Mapping[str, Package]) -> tuple[str, ...]:
    return tuple(packages[target].id for target in node.requires or () if target in packages)


def _find_package(reference: str, place: Location) -> Package | None:
    """Rule 3."""
    parts = reference.partition("@")[0].partition("#")[0].split("/")
    if len(parts) != 2:
        return None
    name, version = parts
    return Package(id=package_id(name, version, separator="/"), name=name, version=version, locations=(place,))


ANALYZER: Final = Analyzer(
    name="conan-lock",
    version=1,
    kind="lang",
    paths=("conan.lock",),
    targets=("fs", "repo"),
    application="conan",
    parse=_parse,
)
