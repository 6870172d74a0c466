"""Go modules: `go.mod` and the `go.sum` beside it (`assaymark.inventory.golang.requirements`).

What the modules need themselves is not in these files but in the module cache of whoever builds. Where the scanning
machine has one, a module depends on those of the project that its own `go.mod` there requires directly. Indirect
modules that nothing depends on then hang on the module itself, so that none is lost.

Licences of modules are texts that are not classified.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, join
from typing import Final

from msgspec.structs import replace

from assaymark.errors import Error, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.golang.mod_file import parse_mod_file
from assaymark.inventory.golang.requirements import direct_names, required_packages, summed_packages
from assaymark.inventory.lines import file_lines
from assaymark.inventory.ordering import package_order
from assaymark.model.inventory import Application, Found
from assaymark.model.package import EMPTY_LIST, Package, Relationship
from assaymark.safeio.text import decode_utf8

_CACHE: Final = "go"


def _parse(source: Input) -> Iterator[Found]:
    limits = source.limits
    file = parse_mod_file(decode_utf8(source.file.read(limits.module_file_bytes)), limits=limits)
    packages = required_packages(file, comprehensive=source.options.comprehensive)
    if not any(package.relationship is Relationship.INDIRECT for package in packages.values()):
        packages = _summed(source) | packages
    if len(packages) > limits.packages_per_file:
        raise LimitError(f"more than {limits.packages_per_file} modules")
    if packages:
        connected = sorted((_connected(package, packages, source) for package in packages.values()), key=package_order)
        yield Application(path=source.path, type="gomod", packages=tuple(_with_orphans(connected)))


def _summed(source: Input) -> dict[str, Package]:
    file = source.tree.find(join(dirname(source.path), "go.sum"))
    if file is None:
        return {}
    if file.size > source.limits.module_sums_bytes:
        raise LimitError(f"`{file.path}` is longer than {source.limits.module_sums_bytes} bytes")
    return summed_packages(file_lines(source, file=file), limits=source.limits)


def _connected(package: Package, packages: dict[str, Package], source: Input) -> Package:
    """With what its own `go.mod` in the module cache requires; the module that is scanned is not there."""
    if package.relationship is Relationship.ROOT:
        return package
    limits = source.limits
    data = source.host.read(_CACHE, f"{_escaped(package.name)}@{package.version}/go.mod", limits.module_file_bytes)
    if data is None:
        return package
    try:
        needed = direct_names(parse_mod_file(decode_utf8(data), limits=limits))
    except (ValueError, Error):  # not the project's fault, and a module of its list all the same
        return package
    return replace(package, depends_on=tuple(packages[name].id for name in needed if name in packages) or EMPTY_LIST)


def _escaped(path: str) -> str:
    """How the module cache spells a path: file systems may not tell upper case from lower."""
    return "".join(f"!{char.lower()}" if char.isupper() else char for char in path)


def _with_orphans(packages: list[Package]) -> Iterator[Package]:
    """Indirect modules that nothing depends on become dependencies of the root."""
    needed = {name for package in packages for name in package.depends_on}
    orphans = tuple(
        package.id for package in packages if package.relationship is Relationship.INDIRECT and package.id not in needed
    )
    for package in packages:
        is_root = package.relationship is Relationship.ROOT
        yield replace(package, depends_on=package.depends_on + orphans) if is_root and orphans else package


ANALYZER: Final = Analyzer(
    name="gomod",
    version=1,
    kind="lang",
    paths=("go.mod",),
    needs=("go.sum",),
    targets=("fs", "repo"),
    parse=_parse,
)
