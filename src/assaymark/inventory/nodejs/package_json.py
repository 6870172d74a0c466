"""`package.json`: the name, version and licence of a package, and what it depends on.

Specification: https://docs.npmjs.com/cli/configuring-npm/package-json.

An image holds thousands of these files, so only the members that are asked for are decoded, each to its type: a member
of another type makes the file an error, as does a name that is none. A file whose members are spelled in another letter
case is rare, and is read the long way.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.inventory.documents import decode_object
from assaymark.inventory.places import package_id
from assaymark.limits import Limits
from assaymark.safeio.json import decode_go_as, fold

_MODULES: Final = "node_modules"
_NAME: Final = re.compile(r"(@[A-Za-z0-9._-]+/)?[A-Za-z0-9._-]+\Z")

Dependencies = dict[str, str | None]
"""Ranges by name."""


class PackageJson(msgspec.Struct, frozen=True, rename="camel"):
    """The members of a `package.json` that matter here, as they are spelled."""

    name: str | None = None
    version: str | None = None
    license: Any = None
    dependencies: Dependencies | None = None
    optional_dependencies: Dependencies | None = None
    dev_dependencies: Dependencies | None = None
    workspaces: Any = None

    @property
    def id(self) -> str:
        """`name@version`; empty where one of them is missing."""
        return package_id(self.name, self.version) if self.name and self.version else ""

    @property
    def licenses(self) -> tuple[str, ...]:
        """The licences that it names."""
        return license_names(self.license)


_DECODER: Final = msgspec.json.Decoder(PackageJson)
_MEMBERS: Final = msgspec.structs.fields(PackageJson)
_KEYS: Final = tuple(member.encode_name for member in _MEMBERS)
_QUOTED: Final = tuple((f'"{key}"'.encode(), f'"{key.lower()}"'.encode()) for key in _KEYS)
msgspec.convert({}, PackageJson)  # compiled on import: two threads that compile one type at once crash msgspec


def read_package_json(data: bytes, *, limits: Limits, what: str) -> PackageJson:
    """The members of a `package.json`.

    Raises:
        ArtifactError: it is no JSON object, or one of the members has another type.
        LimitError: it is too large or too deep.
        ValueError: the name is none that npm takes.
    """
    if _is_spelled_otherwise(data):
        members = fold(decode_object(data, limits=limits, what=what), _KEYS)
        try:
            read = msgspec.convert(members, PackageJson)
        except msgspec.ValidationError as exc:
            raise ArtifactError(f"`{what}` has another shape: {exc}") from exc
    else:
        read = decode_go_as(data, _DECODER, limits=limits, what=what)
    if read.name and not _NAME.match(read.name):
        raise ValueError(f"`{read.name[:100]}` is no name of a package")
    return read


def license_names(value: Any) -> tuple[str, ...]:
    """The licences of a `license` member: a name, or in old files an object with a `type`, or a list of those."""
    if isinstance(value, str):
        return (value,) if value else ()
    entries = [entry or {} for entry in value] if isinstance(value, list) else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        return ()
    types = [fold(entry, ("type",)).get("type") or "" for entry in entries]
    return tuple(name for name in types if name) if all(isinstance(name, str) for name in types) else ()


def workspace_patterns(value: Any) -> list[str]:
    """The patterns of a `workspaces` member: a list, or an object with the list in `packages`."""
    patterns = value.get("packages") if isinstance(value, dict) else value
    return [pattern for pattern in patterns if isinstance(pattern, str)] if isinstance(patterns, list) else []


def is_package_root(path: str) -> bool:
    """Whether `path` is the `package.json` of an installed package and not one deeper inside it."""
    *folders, name = path.split("/")
    if name != "package.json" or _MODULES not in folders:
        return name == "package.json"
    inside = folders[len(folders) - folders[::-1].index(_MODULES) :]
    scoped = inside[:1] != [] and inside[0].startswith("@")
    return len(inside) == (2 if scoped else 1)


def _is_spelled_otherwise(data: bytes) -> bool:
    """Whether one of the keys seems to occur in another letter case."""
    lower = data.lower()
    return any(lower.count(small) != data.count(exact) for exact, small in _QUOTED)
