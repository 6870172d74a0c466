"""Dart's `pubspec.lock` (https://dart.dev/tools/pub/package-layout), a YAML document.

Rules:

1. `packages` maps names to versions. `direct main` and `direct dev` are direct, `transitive` is indirect; which
   transitive ones only serve development is not said, so that nothing is marked as such.
2. A package of an SDK has the version `0.0.0`. Comprehensive detection takes the lower bound of that SDK's constraint
   under `sdks` instead (`>=3.1.0 <4.0.0`, `^3.7.0`), if the constraint begins with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.places import package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package, Relationship
from assaymark.safeio.yaml import decode_yaml
from assaymark.versions.generic import find_lower_bound

_RELATIONSHIPS: Final = {
    "direct main": Relationship.DIRECT,
    "direct dev": Relationship.DIRECT,
    "transitive": Relationship.INDIRECT,
}
_NO_VERSION: Final = "0.0.0"


def _parse(source: Input) -> Iterator[Found]:
    limits = source.limits
    document = decode_yaml(source.file.read(limits.json_bytes), limits=limits, what=source.path)
    if not isinstance(document, dict):
        raise ValueError("not a pubspec.lock: no mapping")  # noqa: TRY004 - the document's trouble, not the caller's
    entries = _mapping(document.get("packages"), "packages")
    sdks = _mapping(document.get("sdks"), "sdks") if source.options.comprehensive else {}
    if len(entries) > limits.packages_per_file:
        raise LimitError(f"more than {limits.packages_per_file} packages")
    packages = tuple(_package(name, entry, sdks) for name, entry in entries.items())
    if packages:
        yield Application(path=source.path, type="pub", packages=packages)


def _package(name: Any, entry: Any, sdks: Mapping[str, Any]) -> Package:
    if not isinstance(name, str):
        raise ValueError(f"a package is called `{name}`")  # noqa: TRY004 - as above
    members = _mapping(entry, name[:100])
    version = _text(members, "version")
    if version == _NO_VERSION and members.get("source") == "sdk":
        constraint = sdks.get(str(members.get("description")))
        version = find_lower_bound(constraint) or version if isinstance(constraint, str) else version
    return Package(
        id=package_id(name, version),
        name=name,
        version=version,
        relationship=_RELATIONSHIPS.get(_text(members, "dependency"), Relationship.UNKNOWN),
    )


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"`{name}` is no mapping")  # noqa: TRY004 - as above
    return value


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str | None):
        raise ValueError(f"`{name}` of a package is no text")  # noqa: TRY004 - as above
    return value or ""


ANALYZER: Final = Analyzer(
    name="pubspec-lock",
    version=1,
    kind="lang",
    paths=("pubspec.lock",),
    targets=("fs", "repo"),
    application="pub",
    parse=_parse,
)
