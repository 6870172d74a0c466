"""Rust's `Cargo.lock` (https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html).

1. A dependency is written `name` where one version of it is locked, else `name version`, and in old files
   `name version (source)`.
2. Beside a `Cargo.toml` (`assaymark.inventory.rust.workspace`) the packages that it requires are direct, the first of
   each name that fits; what they need is indirect; and what is only needed for tests and for building is left out.
3. The project is the root and depends, like the members of its workspace, on those that stay. A project that the
   lockfile does not know is added: it has an identifier, but no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.graph import edges_of, reachable
from assaymark.inventory.places import package_id
from assaymark.inventory.rust.workspace import MANIFEST, Workspace, read_workspace
from assaymark.inventory.toml_lines import table_lines
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import EMPTY_LIST, Location, Package, Relationship
from assaymark.safeio.text import decode_utf8
from assaymark.safeio.toml import decode_toml
from assaymark.versions.cargo_requirement import satisfies_requirement
from assaymark.versions.scheme import VersionError


def _parse(source: Input) -> Iterator[Found]:
    limits = source.limits
    data = source.file.read(limits.toml_bytes)
    entries = decode_toml(data, limits=limits, what=source.path).get("package", [])
    if not isinstance(entries, list):
        raise ArtifactError("not a Cargo.lock: `package` is no list")
    if len(entries) > limits.packages_per_file:
        raise LimitError(f"more than {limits.packages_per_file} packages")
    lines = {
        package_id(name, version): location
        for (name, version), location in table_lines(decode_utf8(data), ("name", "version"))
        if name
    }
    packages = list(_packages(entries, lines))
    if not packages:
        return
    workspace = read_workspace(source)
    kept = _kept(packages, workspace, source) if workspace else packages
    yield Application(path=source.path, type="cargo", packages=tuple(kept))


def _packages(entries: list[Any], lines: dict[str, Location]) -> Iterator[Package]:
    crates = [_crate(entry) for entry in entries]
    versions = {name: version for name, version, _ in crates}
    graph = {package_id(name, version): _needed(needs, versions) for name, version, needs in crates}
    for name, version, _ in crates:
        key = package_id(name, version)
        location = lines.get(key)
        yield Package(
            id=key,
            name=name,
            version=version,
            depends_on=graph[key],
            locations=(location,) if location else (),
        )


def _crate(entry: Any) -> tuple[str, str, list[str]]:
    if not isinstance(entry, dict):
        raise ArtifactError("not a Cargo.lock: a package is no table")
    name, version, needs = entry.get("name", ""), entry.get("version", ""), entry.get("dependencies", [])
    if not (isinstance(name, str) and isinstance(version, str) and isinstance(needs, list)):
        raise ArtifactError("not a Cargo.lock: a package with members of other types")
    if not all(isinstance(need, str) for need in needs):
        raise ArtifactError("not a Cargo.lock: a dependency is no text")
    return name, version, needs


def _needed(needs: list[str], versions: dict[str, str]) -> tuple[str, ...]:
    """Rule 1."""
    words = (need.split() for need in needs)
    return tuple(
        sorted(
            package_id(each[0], each[1] if len(each) > 1 else versions[each[0]])
            for each in words
            if len(each) in {2, 3} or (len(each) == 1 and each[0] in versions)
        )
    )


def _kept(packages: list[Package], workspace: Workspace, source: Input) -> list[Package]:
    """Rules 2 and 3."""
    known = {package.id: package for package in packages}
    direct = {package.id for package in _direct(packages, workspace, source)}
    needed = reachable(direct, edges_of(known.values()))
    projects = {*workspace.members, workspace.root}
    kept = needed | (projects & known.keys())
    result: list[Package] = []
    for key, package in known.items():
        if key in projects:
            relationship = Relationship.ROOT if key == workspace.root else Relationship.WORKSPACE
            needs = tuple(need for need in package.depends_on if need in kept) or EMPTY_LIST
            result.append(replace(package, relationship=relationship, depends_on=needs))
        elif key in needed:
            relationship = Relationship.DIRECT if key in direct else Relationship.INDIRECT
            result.append(replace(package, relationship=relationship))
    if workspace.root not in known:
        result.append(Package(id=workspace.root, relationship=Relationship.ROOT, depends_on=workspace.members))
    return result


def _direct(packages: list[Package], workspace: Workspace, source: Input) -> Iterator[Package]:
    """The first package of each name that is what the manifest requires."""
    by_name: dict[str, list[Package]] = {}
    for package in sorted(packages, key=lambda package: (package.name, package.version)):
        by_name.setdefault(package.name, []).append(package)
    for name, requirement in workspace.requirements.items():
        unclear = ""
        for package in by_name.get(name, ()):
            try:
                fits = satisfies_requirement(package.version, requirement)
            except VersionError as exc:
                unclear = unclear or str(exc)
                continue
            if fits:
                yield package
                break
        if unclear:
            message = f"cargo: whether a version of `{name[:200]}` is required cannot be told: {unclear}"
            source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path))


ANALYZER: Final = Analyzer(
    name="cargo",
    version=1,
    kind="lang",
    paths=("Cargo.lock",),
    needs=(MANIFEST,),
    targets=("image", "rootfs", "fs", "repo"),
    parse=_parse,
)
