"""Where Yarn keeps the packages that a lockfile installs, and so their licences.

Beside the lockfile are `node_modules`, or, with Plug'n'Play, `.yarn/unplugged` and the archives of `.yarn/cache`; one
of the archives holds one package.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.errors import Error
from assaymark.inventory.analyzer import File, Input
from assaymark.inventory.nodejs.installed import MODULES, Licenses, read_licenses
from assaymark.inventory.nodejs.package_json import is_package_root
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.zip import ZipArchive, ZipBudget
from assaymark.safeio.zipdirectory import Member

_UNPLUGGED: Final = ".yarn/unplugged"
_CACHE: Final = ".yarn/cache"


class _Packed(msgspec.Struct, frozen=True):
    """A `package.json` in an archive."""

    path: str
    archive: ZipArchive
    member: Member

    def read(self, limit: int | None = None) -> bytes:
        return self.archive.read(self.member, limit)


def yarn_licenses(source: Input) -> Licenses:
    """The licences of the packages that are installed beside a lockfile, by package ID."""
    folder = posixpath.dirname(source.path)
    modules = [
        file for file in source.tree.under(posixpath.join(folder, MODULES)) if file.path.endswith("/package.json")
    ]
    if modules:
        return read_licenses(modules, source)
    found = read_licenses(source.tree.under(posixpath.join(folder, _UNPLUGGED)), source)
    budget = ZipBudget(source.limits)
    for file in source.tree.under(posixpath.join(folder, _CACHE)):
        if file.path.endswith(".zip"):
            found.update(_packed_licenses(file, budget, source))
    return found


def _packed_licenses(file: File, budget: ZipBudget, source: Input) -> Licenses:
    try:
        with file.open() as stream:
            archive = ZipArchive(stream, limits=source.limits, budget=budget, what=file.path)
            return read_licenses(_packed(archive, file.path), source)
    except (Error, ValueError, OSError) as exc:
        message = f"yarn: licence not read: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=file.path, blocking=False))
        return {}


def _packed(archive: ZipArchive, path: str) -> Iterator[_Packed]:
    for member in archive.members:
        if member.name.startswith(f"{MODULES}/") and is_package_root(member.name):
            yield _Packed(f"{path}/{member.name}", archive, member)
