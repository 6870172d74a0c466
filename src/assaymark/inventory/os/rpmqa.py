r"""The list of packages in distroless images of CBL-Mariner and Azure Linux, which have no package database.

`container-manifest-2` is the output of `rpm -qa` with ten fields between tabs: name, `version-release`, time of
installation, time of the build, vendor, `(none)`, size, architecture, epoch, source package. A line of another shape
makes the file malformed: half a list would read as a small image.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.inventory.room import Room
from assaymark.inventory.rpm.package import parse_epoch, split_source
from assaymark.model.inventory import Found, OsPackages
from assaymark.model.package import Package
from assaymark.safeio.text import decode_utf8

_FIELDS: Final = 10


def _parse(source: Input) -> Iterator[Found]:
    room = Room(source)
    packages: list[Package] = []
    for line in file_lines(source):
        room.take_field(len(line))
        packages.append(_package(decode_utf8(line)))
        if len(packages) > source.limits.packages_per_file:
            raise LimitError(f"more than {source.limits.packages_per_file} packages")
    yield OsPackages(path=source.path, packages=tuple(packages))


def _package(line: str) -> Package:
    fields = line.split("\t")
    if len(fields) != _FIELDS:
        raise ValueError(f"a line with {len(fields)} fields instead of {_FIELDS}: `{line[:80]}`")
    name, full_version, arch, source_file = fields[0], fields[1], fields[7], fields[9]
    version, hyphen, release = full_version.partition("-")
    source = split_source(source_file)
    if not hyphen or "-" in release or not any(source):
        raise ValueError(f"`{full_version[:80]}` of `{source_file[:80]}` is not a version and a release")
    epoch = parse_epoch(fields[8])
    return Package(
        name=name,
        version=version,
        release=release,
        epoch=epoch,
        arch=arch,
        src_name=source[0],
        src_version=source[1],
        src_release=source[2],
        src_epoch=epoch,
    )


ANALYZER: Final = Analyzer(
    name="rpmqa", version=1, kind="os", paths=("var/lib/rpmmanifest/container-manifest-2",), parse=_parse
)
