"""`poetry.lock` (https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock), all its versions.

1. A package is for development when its category is `dev`, or when it has groups and `main` is not among them.
2. A dependency is the first package of its normalised name, other than of the category `dev`, whose version lies in the
   range. A range that Python's specifiers do not know (`^1.0`) leads nowhere, and so does one behind a version that
   cannot be read.
3. With a `pyproject.toml` beside it (`inventory.python.pyproject`), packages that the project or one of its groups
   names are direct, the others indirect; and what no main dependency leads to is for development.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.graph import edges_of, mark_direct, reachable
from assaymark.inventory.places import package_id
from assaymark.inventory.python.names import normalised_name
from assaymark.inventory.python.pyproject import FILE_NAME, Project, find_project
from assaymark.limits import Limits
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package
from assaymark.safeio.toml import decode_toml
from assaymark.versions.pep440 import satisfies
from assaymark.versions.scheme import VersionError

_TYPE: Final = "poetry"


class _Entry(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""
    category: str = ""
    groups: tuple[str, ...] = ()
    dependencies: Any = None

    @property
    def id(self) -> str:
        return package_id(self.name, self.version)


class _Lock(msgspec.Struct, frozen=True):
    package: tuple[_Entry, ...] = ()


msgspec.convert({}, _Lock)  # compiled on import: two threads that compile one type at once crash msgspec


def _parse(source: Input) -> Iterator[Found]:
    table = decode_toml(source.file.read(source.limits.toml_bytes), limits=source.limits, what=source.path)
    entries = msgspec.convert(table, _Lock).package
    if len(entries) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if not entries:
        return
    packages = _packages(entries, source.limits)
    project = find_project(source)
    if project is not None:
        packages = _in_project(packages, project)
    yield Application(path=source.path, type=_TYPE, packages=tuple(packages))


def _packages(entries: Sequence[_Entry], limits: Limits) -> list[Package]:
    choice = _Choice(entries, limits)
    graph = {entry.id: targets for entry in entries if (targets := _depends_on(entry, choice))}
    return [
        Package(
            id=entry.id,
            name=entry.name,
            version=entry.version,
            dev=entry.category == "dev" or (bool(entry.groups) and "main" not in entry.groups),
            depends_on=graph.get(entry.id, ()),
        )
        for entry in entries
    ]


class _Choice:
    """The packages that dependencies are looked up among (rule 2)."""

    def __init__(self, entries: Iterable[_Entry], limits: Limits) -> None:
        self._comparisons = self._limit = limits.range_comparisons
        self._versions: dict[str, list[str]] = {}
        for entry in entries:
            if entry.category != "dev":
                self._versions.setdefault(entry.name, []).append(entry.version)

    def find(self, name: str, wanted: str) -> str | None:
        """The ID of the first package of that name whose version lies in `wanted`.

        Raises:
            LimitError: the lockfile has more versions and ranges than are compared.
        """
        for version in self._versions.get(name, ()):
            self._comparisons -= 1
            if self._comparisons < 0:
                raise LimitError(f"more than {self._limit} comparisons of versions with ranges")
            try:
                if satisfies(version, wanted):
                    return package_id(name, version)
            except VersionError:
                return None
        return None


def _depends_on(entry: _Entry, choice: _Choice) -> tuple[str, ...]:
    wanted = entry.dependencies if isinstance(entry.dependencies, dict) else {}
    found = (choice.find(normalised_name(name), _range_of(value)) for name, value in wanted.items())
    return tuple(sorted(target for target in found if target is not None))


def _range_of(wanted: Any) -> str:
    """The range of a dependency; a table has it under `version`, a list of alternatives has none."""
    chosen = wanted.get("version", "") if isinstance(wanted, dict) else wanted
    return chosen if isinstance(chosen, str) else ""


def _in_project(packages: Sequence[Package], project: Project) -> list[Package]:
    """Rule 3."""
    named = project.main | project.groups
    production = reachable((each.id for each in packages if each.name in project.main), edges_of(packages))
    placed = mark_direct(packages, {each.id for each in packages if each.name in named})
    return [replace(each, dev=each.dev or each.id not in production) for each in placed]


ANALYZER: Final = Analyzer(
    name="poetry",
    version=1,
    kind="lang",
    paths=("poetry.lock",),
    needs=(FILE_NAME,),
    targets=("fs", "repo"),
    parse=_parse,
)
