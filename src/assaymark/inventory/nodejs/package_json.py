"""`package.json`: the members that lockfiles share with it, and the licences of installed packages.

Specification: https://docs.npmjs.com/cli/configuring-npm/package-json.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any, Final

from assaymark.errors import Error
from assaymark.inventory.analyzer import File, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.nodejs.places import package_id
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.json import fold

_MODULES: Final = "node_modules"
_NAME: Final = re.compile(r"(@[A-Za-z0-9._-]+/)?[A-Za-z0-9._-]+\Z")
_FILE_REFERENCES: Final = ("LicenseRef-", "SEE LICENSE IN ")


def license_names(value: Any) -> tuple[str, ...]:
    """The licences of a `license` member: a name, or in old files an object with a `type`, or a list of those."""
    if isinstance(value, str):
        return (value,) if value else ()
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        return ()
    types = (fold(entry, ("type",)).get("type") for entry in entries)
    return tuple(name for name in types if isinstance(name, str) and name)


def workspace_patterns(value: Any) -> list[str]:
    """The patterns of a `workspaces` member: a list, or an object with the list in `packages`."""
    patterns = value.get("packages") if isinstance(value, dict) else value
    return [pattern for pattern in patterns if isinstance(pattern, str)] if isinstance(patterns, list) else []


def installed_licenses(source: Input) -> dict[str, tuple[str, ...]]:
    """The licences of the packages under the `node_modules` beside a lockfile, by ID.

    A licence that only refers to a file is left out: texts are not classified. A `package.json` that cannot be read
    costs no more than the licence.
    """
    found: dict[str, tuple[str, ...]] = {}
    for file in source.tree.under(posixpath.join(posixpath.dirname(source.path), _MODULES)):
        if not is_package_root(file.path):
            continue
        try:
            identifier, names = _licensed(file, source)
        except (Error, ValueError) as exc:
            message = f"npm: licence not read: {exc}"
            source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=file.path, blocking=False))
            continue
        if len(names) == 1 and not names[0].startswith(_FILE_REFERENCES):
            found[identifier] = names
    return found


def is_package_root(path: str) -> bool:
    """Whether `path` is the `package.json` of an installed package and not one deeper inside it."""
    *folders, name = path.split("/")
    if name != "package.json" or _MODULES not in folders:
        return name == "package.json"
    inside = folders[len(folders) - folders[::-1].index(_MODULES) :]
    scoped = inside[:1] != [] and inside[0].startswith("@")
    return len(inside) == (2 if scoped else 1)


def _licensed(file: File, source: Input) -> tuple[str, tuple[str, ...]]:
    content = file.read(source.limits.json_bytes)
    document = decode_object(content, limits=source.limits, what=file.path)
    members = fold(document, ("name", "version", "license"))
    name, version = members.get("name") or "", members.get("version") or ""
    if not isinstance(name, str) or not isinstance(version, str) or not _NAME.match(name):
        raise ValueError("no name or no version")
    return package_id(name, version), license_names(members.get("license"))
