"""What the `package.json` beside a `yarn.lock` adds: the root, the workspaces, and what is direct or for development.

1. The root is the package that `package.json` describes, the workspaces are those of every `package.json` at or below
   what a pattern of its `workspaces` matches; a root depends on its workspaces. One without a name or a version has its
   file's path for an ID.
2. For the root, and then for each workspace, the development dependencies are walked and after them the others: what
   the walk names is direct, what it leads to is indirect. The last walk that meets a package says which of the two it
   is, and it is for development only if no walk of other dependencies meets it.
3. A package is meant by a dependency of its name when one of its patterns is exactly that range, or else when its
   version lies in the range. An alias (`npm:name@range`) stands for the name behind it, which the package then bears.
4. A range that cannot be read ends the attempt: the packages stay without relationships.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

import msgspec
from msgspec.structs import replace

from assaymark.errors import Error
from assaymark.inventory.analyzer import File, Input
from assaymark.inventory.graph import edges_of, reachable
from assaymark.inventory.nodejs.package_json import PackageJson, read_package_json, workspace_patterns
from assaymark.inventory.nodejs.yarn_lock import Entry
from assaymark.inventory.places import package_id
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package, Relationship
from assaymark.versions.npm import satisfies

_FILE: Final = "package.json"
_PATTERNS: Final = 1_000  # of workspaces; each package.json is compared with each


class _Member(msgspec.Struct, frozen=True):
    """The project or one of its workspaces."""

    package: Package
    dependencies: Mapping[str, str | None]
    dev_dependencies: Mapping[str, str | None]


def with_relationships(entries: Sequence[Entry], source: Input) -> list[Package]:
    """The packages of a lockfile with what the project beside it says; as they are where that cannot be read."""
    packages = [entry.package for entry in entries]
    path = posixpath.join(posixpath.dirname(source.path), _FILE)
    file = source.tree.find(path)
    if file is None:
        return packages
    try:
        return _Project(entries).resolved(_members(file, source))
    except (Error, ValueError) as exc:
        message = f"yarn: which packages are direct or for development is not known: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=path, blocking=False))
        return packages


def _members(file: File, source: Input) -> list[_Member]:
    """Rule 1: the root first."""
    read = _read(file, source)
    workspaces = [_member(each, place, Relationship.WORKSPACE) for each, place in _workspaces(read, source)]
    root = _member(read, file.path, Relationship.ROOT)
    names = tuple(workspace.package.id for workspace in workspaces)
    return [replace(root, package=replace(root.package, depends_on=names)), *workspaces]


def _read(file: File, source: Input) -> PackageJson:
    return read_package_json(file.read(source.limits.json_bytes), limits=source.limits, what=file.path)


def _member(read: PackageJson, path: str, relationship: Relationship) -> _Member:
    package = Package(
        id=read.id or path,
        name=read.name or "",
        version=read.version or "",
        licenses=read.licenses,
        relationship=relationship,
    )
    needed = {**(read.dependencies or {}), **(read.optional_dependencies or {})}
    return _Member(package, needed, read.dev_dependencies or {})


def _workspaces(root: PackageJson, source: Input) -> Iterator[tuple[PackageJson, str]]:
    """What the patterns match, in the order of the patterns and then of the paths."""
    folder = posixpath.dirname(source.path)
    patterns = workspace_patterns(root.workspaces)[:_PATTERNS]
    files = [file for file in source.tree.under(folder) if posixpath.basename(file.path) == _FILE] if patterns else []
    files.sort(key=lambda file: _segments(file.path))
    for pattern in patterns:
        wanted = _segments(posixpath.normpath(posixpath.join(folder, pattern.lstrip("/"))))
        for file in files:
            if not _is_below(_segments(file.path), wanted):
                continue
            try:
                yield _read(file, source), file.path
            except (Error, ValueError) as exc:
                message = f"yarn: a workspace cannot be read: {exc}"
                source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=file.path, blocking=False))


def _segments(path: str) -> list[str]:
    return [part for part in path.split("/") if part != "."]


def _is_below(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the path or a folder that it lies in is what the pattern describes; a star stays within a segment."""
    return len(parts) >= len(wanted) and all(map(fnmatchcase, parts, wanted))


class _Project:
    """The packages by ID, and what each walk names."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._packages = {entry.package.id: entry.package for entry in entries}
        self._patterns = {entry.package.id: entry.patterns for entry in entries}
        self._named: dict[str, dict[str, None]] = {}
        for package in self._packages.values():
            self._named.setdefault(package.name, {})[package.id] = None

    def resolved(self, members: Sequence[_Member]) -> list[Package]:
        """Rule 2.

        Raises:
            ValueError: rule 4.
        """
        walks: list[set[str]] = []
        production: set[str] = set()
        for member in members:
            dev = self._meant(member.dev_dependencies)
            needed = self._meant(member.dependencies)
            walks += (dev, needed)
            production |= needed
            package = member.package
            self._packages[package.id] = replace(
                package, depends_on=tuple(sorted((*package.depends_on, *dev, *needed)))
            )
            self._named.setdefault(package.name, {})[package.id] = None
        return self._marked(walks, production, {member.package.id for member in members})

    def _marked(self, walks: Sequence[set[str]], production: set[str], members: set[str]) -> list[Package]:
        """The relationships: from the last walk to the first, so that what a later one met is not walked again.

        What a walk for development meets below a member is needed all the same, as the reference has it.
        """
        edges = edges_of(self._packages.values())
        met: dict[str, Relationship] = {}
        for direct in reversed(walks):
            for identifier in reachable(direct, edges, known=met):
                met[identifier] = Relationship.DIRECT if identifier in direct else Relationship.INDIRECT
        needed = reachable(production | (members & met.keys()), edges)
        return [
            replace(package, relationship=met[package.id], dev=package.id not in needed)
            if package.id in met
            else package
            for package in self._packages.values()
        ]

    def _meant(self, dependencies: Mapping[str, str | None]) -> set[str]:
        """Rule 3: the IDs of the packages that the dependencies mean."""
        meant = {
            identifier: name
            for called, wanted in dependencies.items()
            for identifier in self._named.get(called, ())
            if self._packages[identifier].name == called
            and (name := self._name_as(self._packages[identifier], wanted or "")) is not None
        }
        for identifier, name in meant.items():
            package = self._packages[identifier]
            if name != package.name:
                del self._named[package.name][identifier]
                self._named.setdefault(name, {})[identifier] = None
                self._packages[identifier] = replace(package, name=name)
        return set(meant)

    def _name_as(self, package: Package, wanted: str) -> str | None:
        """The name that the package bears as this dependency; None where it is not meant."""
        name, allowed = _alias(wanted) or (package.name, wanted)
        if package_id(name, allowed) in self._patterns.get(package.id, ()) or satisfies(package.version, allowed):
            return name
        return None


def _alias(wanted: str) -> tuple[str, str] | None:
    """Name and range behind the last colon of the first word that has one; None where there is none.

    So `workspace:*` is an alias of `*`, which is what the reference makes of it.
    """
    for word in wanted.split():
        if ":" in word[1:]:
            rest = wanted[wanted.index(word) + word.rindex(":") + 1 :]
            at = rest.find("@", 1 if rest.startswith("@") else 0)
            return (rest, "") if at < 0 else (rest[:at], rest[at + 1 :])
    return None
