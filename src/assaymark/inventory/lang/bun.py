"""Bun's text lockfile `bun.lock` (https://bun.com/docs/pm/lockfile), JSON with comments and trailing commas.

`packages` maps where a package is installed (`name`, or `parent/name` below another one) to a list of its identifier
`name@version`, and, before its last or last two elements, an object with its dependencies:

1. A package's name is the key; its version is the identifier without `key@`. That of a workspace stands among the
   `workspaces`, if those have its name.
2. What any workspace names is direct, and a package with the name of a workspace is one; the others are indirect.
3. What a workspace needs in production (its dependencies, peer and optional dependencies), and all that this leads to,
   is not for development only. What of it the file does not hold is a package without a name, as in the reference.
4. A place is the whole list. Licences are those of the `node_modules` beside the lockfile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.graph import reachable
from assaymark.inventory.json_lines import EACH, NOWHERE, Path, located, object_lines
from assaymark.inventory.nodejs.installed import fill_licenses
from assaymark.inventory.places import package_id
from assaymark.limits import Limits
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Location, Package, Relationship
from assaymark.safeio.json import decode_strict
from assaymark.safeio.jsonc import plain_json
from assaymark.safeio.text import decode_utf8

_LOCATED: Final = located(("packages", EACH))
_WORKSPACE: Final = "workspace"
_LONGEST_BEFORE: Final = 3  # elements of a list whose second one has the dependencies; in longer ones it is the third

Ranges = dict[str, str | None]


class _Workspace(msgspec.Struct, frozen=True, rename="camel"):
    version: str | None = None
    dependencies: Ranges | None = None
    dev_dependencies: Ranges | None = None
    optional_dependencies: Ranges | None = None
    peer_dependencies: Ranges | None = None

    @property
    def production(self) -> Iterator[str]:
        """The names that it needs in production."""
        for each in (self.dependencies, self.peer_dependencies, self.optional_dependencies):
            yield from each or ()


class _Lockfile(msgspec.Struct, frozen=True, rename="camel"):
    lockfile_version: int | None = None
    workspaces: dict[str, _Workspace] | None = None
    packages: dict[str, list[Any]] | None = None


_LOCKFILE: Final = _Lockfile
msgspec.convert({}, _LOCKFILE)  # compiled on import: two threads that compile one type at once crash msgspec

_NO_WORKSPACE: Final = _Workspace()


def _parse(source: Input) -> Iterator[Found]:
    limits = source.limits
    data = plain_json(source.file.read(limits.json_bytes))
    document = decode_strict(data, limits=limits, what=source.path)
    try:
        lockfile = msgspec.convert(document, _LOCKFILE)
    except msgspec.ValidationError as exc:
        raise ArtifactError(f"not a lockfile of Bun: {exc}") from exc
    _check_count(lockfile.packages or {}, limits)
    packages = _packages(lockfile, object_lines(decode_utf8(data), _LOCATED))
    _check_count(packages, limits)
    if packages:
        yield Application(path=source.path, type="bun", packages=tuple(fill_licenses(packages, source)))


def _check_count(packages: Sized, limits: Limits) -> None:
    if len(packages) > limits.packages_per_file:
        raise LimitError(f"more than {limits.packages_per_file} packages")


def _packages(lockfile: _Lockfile, lines: Mapping[Path, Location]) -> list[Package]:
    workspaces = lockfile.workspaces or {}
    entries = {name: _entry(name, elements, workspaces) for name, elements in (lockfile.packages or {}).items()}
    edges = {name: dependencies for name, (_, dependencies) in entries.items()}
    ids = {name: package_id(name, version) for name, (version, _) in entries.items()}
    production = {name for workspace in workspaces.values() for name in workspace.production}
    direct = production | {name for workspace in workspaces.values() for name in workspace.dev_dependencies or ()}
    needed = reachable((production & entries.keys()) - workspaces.keys(), edges)
    missing = len(needed - entries.keys())
    return [Package()] * missing + [
        Package(
            id=ids[name],
            name=name,
            version=version,
            relationship=_relationship(name, workspaces, direct),
            dev=name not in needed and name not in workspaces,
            depends_on=tuple(ids.get(each, "") for each in dependencies),
            locations=(lines.get(("packages", name), NOWHERE),),
        )
        for name, (version, dependencies) in entries.items()
    ]


def _entry(name: str, elements: list[Any], workspaces: Mapping[str, _Workspace]) -> tuple[str, tuple[str, ...]]:
    """The version of a package and the names of what it depends on.

    Raises:
        ArtifactError: it has another shape.
    """
    details = elements[2 if len(elements) > _LONGEST_BEFORE else 1] if len(elements) > 1 else {}
    if not elements or not isinstance(elements[0], str) or not isinstance(details, dict | None):
        raise ArtifactError(f"not a lockfile of Bun: the package `{name[:100]}` has another shape")
    version = elements[0].removeprefix(f"{name}@")
    if version.startswith(_WORKSPACE):
        version = workspaces.get(name, _NO_WORKSPACE).version or ""
    dependencies = (details or {}).get("dependencies")
    return version, tuple(sorted(dependencies)) if isinstance(dependencies, dict) else ()


def _relationship(name: str, workspaces: Mapping[str, _Workspace], direct: set[str]) -> Relationship:
    if name in workspaces:
        return Relationship.WORKSPACE
    return Relationship.DIRECT if name in direct else Relationship.INDIRECT


ANALYZER: Final = Analyzer(
    name="bun",
    version=1,
    kind="lang",
    paths=("bun.lock",),
    needs=("**/node_modules/**/package.json",),
    targets=("fs", "repo"),
    parse=_parse,
)
