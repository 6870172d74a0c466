"""The packages of `composer.lock` and `installed.json`, and the requirements of `composer.json`.

Specification: https://getcomposer.org/doc/04-schema.md. Rules:

1. `packages` are installed always, `packages-dev` for development only. Of two packages of one name the first counts.
2. A licence is a declaration that may name several, or a list of names.
3. A package depends on the packages that its `require` names: PHP itself (`php`), its extensions (`ext-json`) and what
   others merely provide are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory import licenses
from assaymark.inventory.analyzer import File, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.json_lines import EACH, NOWHERE, located, object_lines
from assaymark.inventory.places import package_id
from assaymark.model.package import Location, Package
from assaymark.safeio.json import fold
from assaymark.safeio.text import decode_utf8

_PACKAGES: Final = "packages"
_DEVELOPMENT: Final = "packages-dev"
_LOCATED: Final = located((_PACKAGES, EACH), (_DEVELOPMENT, EACH))
_LANGUAGE: Final = "php"
_EXTENSION: Final = "ext"
_REQUIREMENTS: Final = ("require", "require-dev")


class _Entry(msgspec.Struct, frozen=True):
    name: str | None = None
    version: str | None = None
    require: dict[str, str | None] | None = None
    license: Any = None


class _Lock(msgspec.Struct, frozen=True, rename={"development": _DEVELOPMENT}):
    packages: list[_Entry] | None = None
    development: list[_Entry] | None = None


_Required = dict[str, str | None] | None
msgspec.convert({}, _Lock)  # compiled on import: two threads that compile one type at once crash msgspec
msgspec.convert({}, _Required)


class _Listed(msgspec.Struct, frozen=True):
    """An entry, where it stands, and whether it serves development only."""

    entry: _Entry
    location: Location
    dev: bool


def read_composer_packages(source: Input) -> list[Package]:
    """The packages of the file that is analysed.

    Raises:
        ValueError: it is no JSON, or a member has another type than Composer gives it.
        LimitError: there are more packages than are read, or more licences.
    """
    data = source.file.read(source.limits.json_bytes)
    content = decode_object(data, limits=source.limits, what=source.path)
    try:
        lock = msgspec.convert(content, _Lock)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a list of Composer's packages: {exc}") from exc
    listed = {each.entry.name or "": each for each in reversed(list(_listed(lock, data)))}  # the first counts
    if len(listed) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    ids = {name: package_id(name, each.entry.version or "") for name, each in listed.items()}
    packages = [_package(ids[name], each, ids) for name, each in listed.items()]
    if sum(len(package.licenses) for package in packages) > source.limits.licenses_per_file:
        raise LimitError(f"more than {source.limits.licenses_per_file} licences")
    return packages


def read_requirements(manifest: File, source: Input) -> set[str]:
    """The names that a `composer.json` requires, for development too.

    Raises:
        ValueError: it is no JSON object, or its requirements are none.
    """
    data = manifest.read(source.limits.json_bytes)
    members = fold(decode_object(data, limits=source.limits, what=manifest.path), _REQUIREMENTS)
    try:
        required = [msgspec.convert(value, _Required) for value in members.values()]
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a manifest of Composer: {exc}") from exc
    return {name for names in required for name in names or ()}


def _listed(lock: _Lock, data: bytes) -> Iterator[_Listed]:
    lines = object_lines(decode_utf8(data), _LOCATED)
    for member, entries, dev in ((_PACKAGES, lock.packages, False), (_DEVELOPMENT, lock.development, True)):
        for number, entry in enumerate(entries or ()):
            yield _Listed(entry, lines.get((member, number), NOWHERE), dev)


def _package(identifier: str, listed: _Listed, ids: Mapping[str, str]) -> Package:
    entry = listed.entry
    return Package(
        id=identifier,
        name=entry.name or "",
        version=entry.version or "",
        dev=listed.dev,
        licenses=_licenses(entry.license),
        depends_on=tuple(sorted(ids[name] for name in entry.require or () if name in ids and _is_package(name))),
        locations=(listed.location,),
    )


def _is_package(name: str) -> bool:
    return name != _LANGUAGE and not name.startswith(_EXTENSION)


def _licenses(value: Any) -> tuple[str, ...]:
    """Rule 2."""
    if isinstance(value, str):
        return tuple(licenses.split(value))
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()
