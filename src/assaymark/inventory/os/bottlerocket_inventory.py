"""Bottlerocket's `application-inventory.json`: the packages that the image was built of.

Bottlerocket's own packages have an ID of `name@[epoch:]version[-release]`; an entry without a name or a version has
none. Older releases leave the epoch out, which is then 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.rpm.package import parse_epoch
from assaymark.model.inventory import Found, OsPackages
from assaymark.model.package import Package
from assaymark.safeio.json import fold

_MEMBERS: Final = ("Name", "Version", "Release", "Epoch", "Architecture")


def _parse(source: Input) -> Iterator[Found]:
    content = source.file.read(source.limits.json_bytes)
    document = decode_object(content, limits=source.limits, what=source.path)
    entries = fold(document, ("Content",)).get("Content")
    entries = [] if entries is None else entries
    if not isinstance(entries, list):
        raise ArtifactError(f"`Content` in `{source.path}` is not a list")
    if len(entries) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    yield OsPackages(path=source.path, packages=tuple(_package(entry) for entry in entries))


def _package(entry: Any) -> Package:
    if not isinstance(entry, dict):
        raise ArtifactError("an entry that is no object")
    found = fold(entry, _MEMBERS)
    name, version, release, epoch, arch = (found.get(member) or "" for member in _MEMBERS)
    if not all(isinstance(text, str) for text in (name, version, release, epoch, arch)):
        raise ArtifactError("an entry whose name, version, release, epoch or architecture is no text")
    package = Package(name=name, version=version, release=release, epoch=parse_epoch(epoch) if epoch else 0, arch=arch)
    if not name or not version:
        return package
    return msgspec.structs.replace(package, id=f"{name}@{package.full_version}")


ANALYZER: Final = Analyzer(
    name="bottlerocket-inventory",
    version=1,
    kind="os",
    paths=tuple(
        f"{machine}-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json"
        for machine in ("aarch64", "x86_64")
    ),
    parse=_parse,
)
