"""`package-lock.json` versions 2 and 3: `packages` maps every installed folder to what is in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from assaymark.inventory.json_lines import NOWHERE, Path
from assaymark.inventory.nodejs.package_json import license_names, workspace_patterns
from assaymark.inventory.places import merge_places, package_id
from assaymark.model.package import Location, Package, Relationship

_MODULES: Final = "node_modules"
_PATH_CHARS: Final = 4_096  # PATH_MAX: no installed folder has a longer path
_PATTERNS: Final = 1_000  # of workspaces; each linked folder is compared with each


class _Folder(msgspec.Struct, frozen=True, rename="camel"):
    name: str | None = None
    version: str | None = None
    license: Any = None
    resolved: str | None = None
    dev: bool | None = None
    link: bool | None = None
    workspaces: Any = None
    dependencies: dict[str, str] | None = None
    optional_dependencies: dict[str, str] | None = None
    dev_dependencies: dict[str, str] | None = None
    peer_dependencies: dict[str, str] | None = None


_FOLDERS: Final = dict[str, _Folder]
msgspec.convert({}, _FOLDERS)  # compiled on import: two threads that compile one type at once crash msgspec

_NO_FOLDER: Final = _Folder()


class _Place(msgspec.Struct, frozen=True):
    folder: _Folder
    location: Location


def read_folders(document: Mapping[str, Any], lines: Mapping[Path, Location]) -> list[Package]:
    """The packages of a version 2 or 3 document.

    Raises:
        ValueError: a member has another type than npm gives it, or a path that no folder has.
    """
    try:
        folders = msgspec.convert(document.get("packages") or {}, _FOLDERS)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a lockfile of npm: {exc}") from exc
    if any(len(path) > _PATH_CHARS for path in folders):
        raise ValueError(f"the path of a folder has more than {_PATH_CHARS} characters")
    places = {path: _Place(folder, lines.get(("packages", path), NOWHERE)) for path, folder in folders.items()}
    root = folders.get("", _NO_FOLDER)
    workspaces = _resolve_links(places, workspace_patterns(root.workspaces)[:_PATTERNS])
    names = {
        *(root.dependencies or ()),
        *(root.optional_dependencies or ()),
        *(root.dev_dependencies or ()),
        *(root.peer_dependencies or ()),
        *workspaces,
    }
    return merge_places(_packages(places, direct={f"{_MODULES}/{name}" for name in names}))


def _resolve_links(places: dict[str, _Place], patterns: Collection[str]) -> set[str]:
    """Move the targets of links to the place of the link; returns the names of those that are workspaces."""
    links: dict[str, str] = {}
    for path, place in list(places.items()):
        if place.folder.link:
            if place.folder.resolved:
                links.setdefault(place.folder.resolved, path)
            else:
                del places[path]
    lengths = sorted({len(target) for target in links}, reverse=True)
    workspaces: set[str] = set()
    for path in list(places) if links else ():
        target = next((path[:length] for length in lengths if path[:length] in links), None)
        if target is None or links[target] == path:
            continue
        moved = path.replace(target, links[target])
        places[moved] = places.pop(path)
        if any(_matches(pattern, path) for pattern in patterns):
            workspaces.add(_name_of(links[target]))
    return workspaces


def _matches(pattern: str, path: str) -> bool:
    """Go's `path.Match`: a star stays within one segment."""
    wanted, parts = pattern.split("/"), path.split("/")
    return len(wanted) == len(parts) and all(map(fnmatchcase, parts, wanted))


def _packages(places: Mapping[str, _Place], *, direct: Collection[str]) -> Iterator[Package]:
    siblings = _by_name(places)
    for path, place in places.items():
        folder = place.folder
        name = folder.name or _name_of(path)
        if not path.startswith(_MODULES) or not name:
            continue
        version = folder.version or ""
        yield Package(
            id=package_id(name, version),
            name=name,
            version=version,
            licenses=license_names(folder.license),
            relationship=Relationship.DIRECT if path in direct else Relationship.INDIRECT,
            dev=bool(folder.dev),
            depends_on=tuple(sorted(_depends_on(path, folder, siblings))),
            locations=(place.location,),
        )


def _name_of(path: str) -> str:
    """`@scope/name` behind the last `node_modules`; the whole path where there is none."""
    return path.rpartition(_MODULES)[2].removeprefix("/")


def _by_name(places: Mapping[str, _Place]) -> dict[str, dict[str, str]]:
    """For each name the `node_modules` folders that hold it, with its version there."""
    found: dict[str, dict[str, str]] = {}
    for path, place in places.items():
        base, _, name = path.rpartition(f"{_MODULES}/")
        if name != path:
            found.setdefault(name, {})[base + _MODULES] = place.folder.version or ""
    return found


def _depends_on(path: str, folder: _Folder, siblings: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    names = {
        **(folder.dependencies or {}),
        **(folder.optional_dependencies or {}),
        **(folder.peer_dependencies or {}),
    }
    bases = _bases(path) if names else []
    for name in names:
        holders = siblings.get(name, {})
        version = next((holders[base] for base in bases if base in holders), None)
        if version is not None:
            yield package_id(name, version)


def _bases(path: str) -> list[str]:
    """The `node_modules` folders in which Node.js looks for what the folder at `path` requires, the nearest first."""
    parts = [*path.split("/"), _MODULES]
    ends = [number for number, part in enumerate(parts, start=1) if part == _MODULES]
    return ["/".join(parts[:end]) for end in reversed(ends)]
