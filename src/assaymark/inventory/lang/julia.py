"""Julia's `Manifest.toml` with the `Project.toml` beside it (https://pkgdocs.julialang.org/v1/toml-files/).

Rules:

1. Format 2 names itself in `manifest_format` and lists packages below `deps`; format 1 has nothing else, at the top. A
   name may stand for several packages: only the UUID, which is the ID, tells them apart.
2. A package without a version belongs to Julia and has the version of `julia_version`, `unknown` in format 1.
3. `deps` of a package is a list of names, each of which one package of the manifest has, or a table of UUIDs by name;
   anything else counts as nothing.
4. What the project's `deps` reach is installed; what its `extras` reach is for development, even where it is listed
   twice so. What neither reaches is left out, and everything is where there is no project, which is said.
5. A project that cannot be read leaves every package in, without a relationship.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from posixpath import dirname, join
from typing import Any, Final

import msgspec

from assaymark.errors import Error, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.graph import edges_of, reachable
from assaymark.inventory.toml_lines import table_lines
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package, Relationship
from assaymark.safeio.text import decode_utf8
from assaymark.safeio.toml import decode_toml

_PROJECT: Final = "Project.toml"
_UNKNOWN: Final = "unknown"


class _Entry(msgspec.Struct, frozen=True):
    uuid: str = ""
    version: str = ""
    deps: Any = None


_Entries = dict[str, list[_Entry]]


class _Manifest(msgspec.Struct, frozen=True):
    manifest_format: str = ""
    julia_version: str = ""
    deps: _Entries = {}


_Uuids = dict[str, str]

# compiled on import: two threads that compile one type at once crash msgspec
msgspec.convert({}, _Entries)
msgspec.convert({}, _Manifest)
msgspec.convert({}, _Uuids)


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.toml_bytes)
    manifest = _manifest(decode_toml(data, limits=source.limits, what=source.path))
    lines = {uuid: place for (uuid,), place in table_lines(decode_utf8(data), ("uuid",)) if uuid}
    packages = list(_packages(manifest, lines))
    if len(packages) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    packages = _needed(packages, source) if packages else []
    if packages:
        yield Application(path=source.path, type="julia", packages=tuple(packages))


def _manifest(document: dict[str, Any]) -> _Manifest:
    """Rule 1."""
    try:
        if "manifest_format" in document:
            return msgspec.convert(document, _Manifest)
        return _Manifest(julia_version=_UNKNOWN, deps=msgspec.convert(document, _Entries))
    except msgspec.ValidationError as exc:
        raise ValueError(f"not a manifest of Julia: {exc}") from exc


def _packages(manifest: _Manifest, lines: Mapping[str, Location]) -> Iterator[Package]:
    """Rule 2; in order of names and versions, so that of equal UUIDs the last one is the same in every run."""
    named = ((name, entry) for name, entries in manifest.deps.items() for entry in entries)
    for name, entry in sorted(named, key=lambda pair: (pair[0], pair[1].version or manifest.julia_version)):
        place = lines.get(entry.uuid)
        yield Package(
            id=entry.uuid,
            name=name,
            version=entry.version or manifest.julia_version,
            depends_on=tuple(sorted(_uuids(entry.deps, manifest.deps))),
            locations=(place,) if place else (),
        )


def _uuids(deps: Any, entries: _Entries) -> Iterator[str]:
    """Rule 3."""
    if isinstance(deps, dict):
        yield from _table(deps).values()
    elif isinstance(deps, list) and all(isinstance(name, str) for name in deps):
        yield from _named(deps, entries)


def _named(names: list[str], entries: _Entries) -> Iterator[str]:
    for name in names:
        named = entries.get(name, [])
        if len(named) != 1:
            raise ValueError(f"`{name[:100]}` is needed, and {len(named)} packages are called so")
        yield named[0].uuid


def _needed(packages: Sequence[Package], source: Input) -> list[Package]:
    """Rules 4 and 5."""
    file = source.tree.find(join(dirname(source.path), _PROJECT))
    if file is None:
        message = f"julia: {len(packages)} packages were left out: no `{_PROJECT}` says which of them are needed"
        source.report(Issue(code=IssueCode.NOT_ANALYSED, message=message, path=source.path))
        return []
    try:
        data = file.read(source.limits.toml_bytes)
        project = decode_toml(data, limits=source.limits, what=file.path)
        direct, extras = _table(project.get("deps")), _table(project.get("extras"))
    except (Error, ValueError) as exc:
        message = f"julia: what is needed directly is not known: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=file.path, blocking=False))
        return list(packages)
    return [*_reached(direct, packages, dev=False), *_reached(extras, packages, dev=True)]


def _table(value: Any) -> _Uuids:
    """UUIDs by name; what is no table is none.

    Raises:
        ValueError: a UUID is no text.
    """
    return msgspec.convert(value if isinstance(value, dict) else {}, _Uuids)


def _reached(direct: Mapping[str, str], packages: Sequence[Package], *, dev: bool) -> Iterator[Package]:
    by_id = {package.id: package for package in packages}
    starts = by_id.keys() & direct.values()
    for uuid in reachable(starts, edges_of(packages)) & by_id.keys():
        relationship = Relationship.DIRECT if uuid in starts else Relationship.INDIRECT
        yield msgspec.structs.replace(by_id[uuid], relationship=relationship, dev=dev)


ANALYZER: Final = Analyzer(
    name="julia",
    version=1,
    kind="lang",
    paths=("Manifest.toml",),
    needs=(_PROJECT,),
    targets=("image", "rootfs", "fs", "repo"),
    parse=_parse,
)
