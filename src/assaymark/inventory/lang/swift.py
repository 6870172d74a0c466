"""Swift's `Package.resolved`, versions 1 to 3 (https://docs.swift.org/package-manager, "Resolved file").

Rules:

1. Version 1 lists `object.pins` with a `repositoryURL`, later ones `pins` with a `location`.
2. The name is that address without `https://` in front and `.git` behind.
3. The version is `state.version`, else `state.branch`. A pin without either is locked to a revision; such pins are
   counted in one issue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.json_lines import EACH, NOWHERE, Path, located, object_lines
from assaymark.inventory.places import package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package
from assaymark.safeio.text import decode_utf8

_SHAPE: Final = located(("pins", EACH), ("object", "pins", EACH))


class _State(msgspec.Struct, frozen=True):
    branch: str | None = None
    version: str | None = None


class _Pin(msgspec.Struct, frozen=True):
    repository_url: str | None = msgspec.field(name="repositoryURL", default=None)
    location: str | None = None
    state: _State | None = None


class _Object(msgspec.Struct, frozen=True):
    pins: list[_Pin | None] | None = None


class _Resolved(msgspec.Struct, frozen=True):
    version: int | None = None
    object: _Object | None = None
    pins: list[_Pin | None] | None = None


msgspec.convert({}, _Resolved)  # compiled on import: two threads that compile one type at once crash msgspec

_NO_STATE: Final = _State()


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.json_bytes)
    resolved = _resolved(decode_object(data, limits=source.limits, what=source.path))
    lines = object_lines(decode_utf8(data), _SHAPE)
    is_first = (resolved.version or 0) <= 1
    pins = (resolved.object.pins if resolved.object else None) if is_first else resolved.pins
    if len(pins or ()) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    prefix: Path = ("object", "pins") if is_first else ("pins",)
    found = list(_packages(pins or [], prefix, lines))
    unversioned = [package.name for package in found if not package.version]
    if unversioned:
        source.report(_unversioned_issue(source, unversioned))
    packages = tuple(package for package in found if package.version)
    if packages:
        yield Application(path=source.path, type="swift", packages=packages)


def _resolved(document: dict[str, Any]) -> _Resolved:
    try:
        return msgspec.convert(document, _Resolved)
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a file of resolved packages: {exc}") from exc


def _packages(pins: list[_Pin | None], prefix: Path, lines: Mapping[Path, Location]) -> Iterator[Package]:
    for number, pin in enumerate(pins):
        if pin is None:
            continue
        state = pin.state or _NO_STATE
        address = pin.repository_url if len(prefix) > 1 else pin.location
        name = (address or "").removeprefix("https://").removesuffix(".git")
        version = state.version or state.branch or ""
        place = lines.get((*prefix, number), NOWHERE)
        yield Package(id=package_id(name, version), name=name, version=version, locations=(place,))


def _unversioned_issue(source: Input, names: list[str]) -> Issue:
    shown = ", ".join(f"`{name[:80]}`" for name in names[:3])
    more = ", …" if len(names) > 3 else ""
    message = f"swift: {len(names)} packages have neither a version nor a branch and were left out ({shown}{more})"
    return Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path, blocking=False)


ANALYZER: Final = Analyzer(
    name="swift", version=1, kind="lang", paths=("Package.resolved",), targets=("fs", "repo"), parse=_parse
)
