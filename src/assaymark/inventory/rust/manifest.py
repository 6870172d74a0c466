"""`Cargo.toml` (https://doc.rust-lang.org/cargo/reference/manifest.html): a project, its dependencies, its workspace.

Rules:

1. The project is `name@version`. Its version may be the workspace's, said with `version.workspace = true` or by saying
   nothing. A manifest without a name is known by a hash of what it holds (`assaymark.inventory.rust.manifest_hash`).
2. Dependencies are those of `dependencies`, of `dependencies` for any target, and of the workspace, in this order of
   increasing weight. Those for tests and for building are not among them.
3. A dependency without a version (a folder, a repository, one that the workspace states) is not compared with anything.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.inventory.places import package_id
from assaymark.inventory.rust.manifest_hash import manifest_hash
from assaymark.limits import Limits
from assaymark.safeio.toml import decode_toml

_DEPENDENCIES: Final = "dependencies"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a manifest.

    Attributes:
        id: the project's identifier among the lockfile's packages.
        dependencies: names with what is said of them, a constraint or a table.
        members: patterns of the workspace's folders.
        workspace_version: what the projects of the workspace inherit.
    """

    id: str
    dependencies: dict[str, Any]
    members: tuple[str, ...]
    workspace_version: str


def read_manifest(data: bytes, *, limits: Limits, what: str, inherited: str = "") -> Manifest:
    """A manifest; `inherited` is the version of the workspace that it belongs to.

    Raises:
        ArtifactError: it is no TOML, or no manifest.
        LimitError: it is too large.
    """
    document = decode_toml(data, limits=limits, what=what)
    project, workspace = _table(document, "package"), _table(document, "workspace")
    inherited = inherited or _text(_table(workspace, "package"), "version")
    name = _text(project, "name")
    version = _version(project.get("version"), inherited)
    dependencies = dict(_table(document, _DEPENDENCIES))
    for target in _table(document, "target").values():
        if not isinstance(target, dict):
            raise ArtifactError(f"`{what}` is no manifest of Cargo: a target is no table")
        dependencies |= _table(target, _DEPENDENCIES)
    return Manifest(
        id=package_id(name, version) if name else manifest_hash(document),
        dependencies=dependencies | _table(workspace, _DEPENDENCIES),
        members=_members(workspace),
        workspace_version=inherited,
    )


def constraints(dependencies: dict[str, Any]) -> dict[str, str]:
    """Rule 3: the dependencies that state a version."""
    stated = {name: value.get("version") if isinstance(value, dict) else value for name, value in dependencies.items()}
    return {name: constraint for name, constraint in stated.items() if isinstance(constraint, str)}


def _version(stated: Any, inherited: str) -> str:
    """Rule 1."""
    if stated is None or (isinstance(stated, dict) and stated.get("workspace") is True):
        return inherited
    return stated if isinstance(stated, str) else ""


def _table(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise ArtifactError(f"not a manifest of Cargo: `{key}` is no table")
    return value


def _text(parent: dict[str, Any], key: str) -> str:
    value = parent.get(key, "")
    if not isinstance(value, str):
        raise ArtifactError(f"not a manifest of Cargo: `{key}` is no text")
    return value


def _members(workspace: dict[str, Any]) -> tuple[str, ...]:
    members = workspace.get("members", [])
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        raise ArtifactError("not a manifest of Cargo: `members` is no list of texts")
    return tuple(members)
