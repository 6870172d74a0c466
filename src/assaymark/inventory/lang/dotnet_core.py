""".NET's `*.deps.json`, which lies beside a built program and lists the libraries that it loads.

Specification: https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md. Rules:

1. `libraries` of the types `package`, `project` and `runtimepack` are packages, named `name/version`. The prefix
   `runtimepack.` of a bundled runtime is left out, so that it has the name by which advisories speak of it.
2. `targets` has, under the name that `runtimeTarget` gives, what each library brings. One that brings neither
   `runtime` nor `runtimeTargets` nor `native` is not loaded and left out; one that is not listed stays.
3. The only project on which no library depends is the root, other projects are its workspaces. What the root names is
   direct and everything else indirect; without a root, or with one that names nothing, that is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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

_LIBRARIES: Final = "libraries"
_LOCATED: Final = located((_LIBRARIES, EACH))
_PACK: Final = "runtimepack."
_PROJECT: Final = "project"
_TYPES: Final = frozenset({"package", _PROJECT, "runtimepack"})


class _Library(msgspec.Struct, frozen=True):
    type: str | None = None


class _RuntimeTarget(msgspec.Struct, frozen=True):
    name: str | None = None


class _TargetLibrary(msgspec.Struct, frozen=True, rename="camel"):
    dependencies: dict[str, str | None] | None = None
    runtime: Any = None
    runtime_targets: Any = None
    native: Any = None

    @property
    def is_loaded(self) -> bool:
        return any(assets is not None for assets in (self.runtime, self.runtime_targets, self.native))

    @property
    def names(self) -> set[str]:
        """The IDs of what it depends on."""
        return {_id(name, version or "") for name, version in (self.dependencies or {}).items()}


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    libraries: dict[str, _Library] | None = None
    runtime_target: _RuntimeTarget | None = None
    targets: dict[str, dict[str, _TargetLibrary] | None] | None = None


msgspec.convert({}, _Document)  # compiled on import: two threads that compile one type at once crash msgspec

_NO_LIBRARY: Final = _TargetLibrary()


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.json_bytes)
    content = decode_object(data, limits=source.limits, what=source.path)
    try:
        document = msgspec.convert(content, _Document)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a list of .NET's dependencies: {exc}") from exc
    packages = _packages(document, object_lines(decode_utf8(data), _LOCATED))
    if len(packages) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if packages:
        yield Application(path=source.path, type="dotnet-core", packages=tuple(packages))


def _packages(document: _Document, lines: Mapping[Path, Location]) -> list[Package]:
    target = _target(document)
    packages: dict[str, Package] = {}
    projects: set[str] = set()
    for key, library in (document.libraries or {}).items():
        name, slash, version = key.partition("/")
        kind = (library.type or "").lower()
        identifier = _id(name, version)
        if not slash or kind not in _TYPES or not _is_loaded(identifier, target):
            continue
        packages[identifier] = Package(
            id=identifier,
            name=name.removeprefix(_PACK),
            version=version,
            locations=(lines.get((_LIBRARIES, key), NOWHERE),),
        )
        if kind == _PROJECT:
            projects.add(identifier)
    return _related(packages, projects, target or {})


def _target(document: _Document) -> dict[str, _TargetLibrary] | None:
    """What the libraries bring at run time, by ID; None where the file does not tell."""
    name = (document.runtime_target and document.runtime_target.name) or ""
    targets = document.targets or {}
    if name not in targets:
        return None
    return {_id(*key.partition("/")[::2]): library for key, library in (targets[name] or {}).items()}


def _is_loaded(identifier: str, target: Mapping[str, _TargetLibrary] | None) -> bool:
    library = (target or {}).get(identifier)
    return library is None or library.is_loaded


def _related(
    packages: Mapping[str, Package], projects: set[str], target: Mapping[str, _TargetLibrary]
) -> list[Package]:
    """Rule 3."""
    referenced = {name for library in target.values() for name in library.names}
    roots = [project for project in projects if project not in referenced]
    root = roots[0] if len(roots) == 1 else ""
    direct = target.get(root, _NO_LIBRARY).names
    return [
        msgspec.structs.replace(
            package,
            relationship=_relationship(package.id, root, projects if root else (), direct),
            depends_on=tuple(sorted(target.get(package.id, _NO_LIBRARY).names & packages.keys())),
        )
        for package in packages.values()
    ]


def _relationship(identifier: str, root: str, projects: Collection[str], direct: Collection[str]) -> Relationship:
    if identifier in projects:
        return Relationship.ROOT if identifier == root else Relationship.WORKSPACE
    if not direct:
        return Relationship.UNKNOWN
    return Relationship.DIRECT if identifier in direct else Relationship.INDIRECT


def _id(name: str, version: str) -> str:
    return package_id(name.removeprefix(_PACK), version, separator="/")


ANALYZER: Final = Analyzer(
    name="dotnet-core",
    version=1,
    kind="lang",
    paths=("*.deps.json",),
    targets=("image", "rootfs", "fs", "repo"),
    parse=_parse,
)
