"""`pylock.toml` and `pylock.<name>.toml` (PEP 751, https://packaging.python.org/en/latest/specifications/pylock-toml/).

1. Names are normalised. Of several entries with one name and version the last counts.
2. The project itself is an entry with a `directory`: the root.
3. Dependencies that say a version lead to the entry of that name and version; others lead nowhere.
4. With a `pyproject.toml` beside it, the packages that its main dependencies name are direct and all others indirect,
   and the direct ones are what the root depends on: the tools that write the file say nothing of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.graph import mark_direct
from assaymark.inventory.ordering import package_order
from assaymark.inventory.places import package_id
from assaymark.inventory.python.names import normalised_name
from assaymark.inventory.python.pyproject import FILE_NAME, Project, find_project
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package, Relationship
from assaymark.safeio.toml import decode_toml

_TYPE: Final = "pylock"


class _Dependency(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""

    @property
    def id(self) -> str:
        return package_id(normalised_name(self.name), self.version)


class _Directory(msgspec.Struct, frozen=True):
    path: str = ""


class _Entry(_Dependency, frozen=True):
    dependencies: tuple[_Dependency, ...] = ()
    directory: _Directory = _Directory()


class _Lock(msgspec.Struct, frozen=True):
    packages: tuple[_Entry, ...] = ()


msgspec.convert({}, _Lock)  # compiled on import: two threads that compile one type at once crash msgspec


def _parse(source: Input) -> Iterator[Found]:
    table = decode_toml(source.file.read(source.limits.toml_bytes), limits=source.limits, what=source.path)
    entries = msgspec.convert(table, _Lock).packages
    if len(entries) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if not entries:
        return
    packages = sorted(_packages(entries), key=package_order)
    project = find_project(source)
    if project is not None:
        packages = _in_project(packages, project)
    yield Application(path=source.path, type=_TYPE, packages=tuple(packages))


def _packages(entries: Iterable[_Entry]) -> Iterator[Package]:
    by_id = {entry.id: entry for entry in entries}
    graph = {entry.id: entry.dependencies for entry in entries if entry.dependencies}
    for identifier, entry in by_id.items():
        targets = (target.id for target in graph.get(identifier, ()))
        yield Package(
            id=identifier,
            name=normalised_name(entry.name),
            version=entry.version,
            relationship=Relationship.ROOT if entry.directory.path else Relationship.UNKNOWN,
            depends_on=tuple(sorted(target for target in targets if target in by_id)),
        )


def _in_project(packages: Iterable[Package], project: Project) -> list[Package]:
    """Rule 4; of several roots the last one gets the dependencies."""
    roots = [each for each in packages if each.relationship is Relationship.ROOT]
    others = [each for each in packages if each.relationship is not Relationship.ROOT]
    direct = tuple(each.id for each in others if each.name in project.main)
    roots[-1:] = [replace(each, depends_on=direct) for each in roots[-1:]]
    return [*roots, *mark_direct(others, set(direct))]


ANALYZER: Final = Analyzer(
    name="pylock",
    version=1,
    kind="lang",
    paths=("pylock.toml", "**/pylock.*.toml", "!**/pylock.*.*.toml", "!pylock..toml"),
    needs=(FILE_NAME,),
    targets=("fs", "repo"),
    parse=_parse,
)
