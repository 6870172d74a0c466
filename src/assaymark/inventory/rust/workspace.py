"""A project's manifest and those of its workspace's members.

1. A member is a folder, or a pattern of folders, below the manifest; workspaces do not nest.
2. What a manifest requires counts before what a member requires, and earlier members before later ones.
3. A member whose manifest cannot be read, or a pattern that matches nothing, is noted; the rest goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from posixpath import dirname, join, normpath
from typing import Final

import msgspec

from assaymark.errors import Error
from assaymark.inventory.analyzer import File, Input
from assaymark.inventory.rust.manifest import Manifest, constraints, read_manifest
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.doublestar import compile_pattern

MANIFEST: Final = "Cargo.toml"
_STARS: Final = re.compile(r"\*\*++")
_LONGEST: Final = 4_096  # of a path on any system
_META: Final = frozenset("*?[\\")


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """The identifiers of the project and of its members, and what they require."""

    root: str
    members: tuple[str, ...]
    requirements: dict[str, str]


def read_workspace(source: Input) -> Workspace | None:
    """What stands beside the lockfile; None where there is no manifest that can be read."""
    folder = dirname(source.path)
    file = source.tree.find(join(folder, MANIFEST))
    if file is None:
        return None
    manifest = _manifest(source, file, "")
    if manifest is None:
        return None
    members: list[str] = []
    dependencies = manifest.dependencies
    read: dict[str, Manifest | None] = {}
    for found in _members(source, folder, manifest.members):
        if found.path not in read:
            read[found.path] = _manifest(source, found, manifest.workspace_version)
        member = read[found.path]
        if member is not None:
            members.append(member.id)
            dependencies = member.dependencies | dependencies
    return Workspace(root=manifest.id, members=tuple(members), requirements=constraints(dependencies))


def _manifest(source: Input, file: File, inherited: str) -> Manifest | None:
    """A manifest, of the project or of a member; None where it cannot be read."""
    limits = source.limits
    try:
        return read_manifest(file.read(limits.toml_bytes), limits=limits, what=file.path, inherited=inherited)
    except (Error, ValueError) as exc:
        _note(source, file.path, str(exc), code=IssueCode.FILE_MALFORMED)
        return None


def _members(source: Input, folder: str, patterns: tuple[str, ...]) -> Iterator[File]:
    """Rule 1: the manifests of members."""
    left = source.limits.workspace_files
    for number, pattern in enumerate(patterns):
        if number >= source.limits.workspace_members or left <= 0:
            _note(source, source.path, f"members of a workspace beyond {number} patterns were left out")
            return
        path = normpath(join(folder, pattern, MANIFEST))
        if len(path) > _LONGEST:
            found = []
        elif not _META & set(path):
            found = list(_single(source, path))
        else:
            below = (file for file in source.tree.under(_fixed(path)) if file.path.endswith(f"/{MANIFEST}"))
            candidates = list(islice(below, left))
            left -= len(candidates)
            found = list(_matching(source, path, candidates))
        if not found:
            _note(source, source.path, f"no member of the workspace is at `{pattern[:200]}`")
        yield from found


def _single(source: Input, path: str) -> Iterator[File]:
    file = source.tree.find(path)
    if file is not None:
        yield file


def _fixed(path: str) -> str:
    """The folders of a pattern that are no pattern."""
    return path[: min(path.find(char) for char in _META if char in path)].rpartition("/")[0]


def _matching(source: Input, path: str, candidates: list[File]) -> Iterator[File]:
    """The manifests that a pattern matches; `**` is one folder here, and braces are themselves."""
    escaped = _STARS.sub("*", path).replace("{", "\\{").replace("}", "\\}")
    try:
        pattern = compile_pattern(escaped)
    except ValueError as exc:
        _note(source, source.path, f"a pattern of workspace members: {exc}")
        return
    for file in candidates:
        if pattern.matches(file.path):
            yield file


def _note(source: Input, path: str, message: str, *, code: IssueCode = IssueCode.ENTRY_IGNORED) -> None:
    source.report(Issue(code=code, message=f"cargo: {message}", path=path))
