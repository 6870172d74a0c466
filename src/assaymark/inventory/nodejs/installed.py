"""The licences of installed packages, which lockfiles do not name.

They stand in the `package.json` of each package below `node_modules`. A licence that only refers to a file is left out:
texts are not classified. A `package.json` that cannot be read costs no more than the licence.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from assaymark.errors import Error
from assaymark.inventory.analyzer import Input
from assaymark.inventory.nodejs.package_json import is_package_root, read_package_json
from assaymark.inventory.places import package_id
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package

MODULES: Final = "node_modules"

Licenses = dict[str, tuple[str, ...]]
"""The names of licences by package ID."""

_FILE_REFERENCES: Final = ("LicenseRef-", "SEE LICENSE IN ")


class Readable(Protocol):
    """A file in the tree, or a member of an archive."""

    @property
    def path(self) -> str:
        """Where it stands."""
        ...

    def read(self, limit: int | None = None) -> bytes:
        """The content."""
        ...


def fill_missing_licenses(packages: Sequence[Package], source: Input) -> Sequence[Package]:
    """The packages of a lockfile that states licences; those without one get that of the installed package."""
    if all(package.licenses for package in packages):
        return packages
    installed = installed_licenses(source)
    return [package if package.licenses else _with(package, package.id, installed) for package in packages]


def fill_licenses(packages: Iterable[Package], source: Input) -> list[Package]:
    """The packages of a lockfile that states no licences, by name and version of the installed ones."""
    installed = installed_licenses(source)
    return [_with(package, package_id(package.name, package.version), installed) for package in packages]


def installed_licenses(source: Input) -> Licenses:
    """The licences of the packages under the `node_modules` beside a lockfile."""
    return read_licenses(source.tree.under(posixpath.join(posixpath.dirname(source.path), MODULES)), source)


def read_licenses(files: Iterable[Readable], source: Input) -> Licenses:
    """The licences of the packages whose roots are among `files`."""
    found: Licenses = {}
    for file in files:
        if is_package_root(file.path):
            found.update(_licensed(file, source))
    return found


def _licensed(file: Readable, source: Input) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        content = file.read(source.limits.json_bytes)
        package = read_package_json(content, limits=source.limits, what=file.path)
    except (Error, ValueError) as exc:
        message = f"licence not read: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=file.path, blocking=False))
        return
    names = package.licenses
    if package.id and len(names) == 1 and not names[0].startswith(_FILE_REFERENCES):
        yield package.id, names


def _with(package: Package, identifier: str, licenses: Mapping[str, tuple[str, ...]]) -> Package:
    if identifier not in licenses:
        return package
    return msgspec.structs.replace(package, licenses=licenses[identifier])
