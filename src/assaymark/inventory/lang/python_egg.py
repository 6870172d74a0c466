"""Python eggs that are zip archives (https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html).

The first member of the archive with a name of metadata describes the package (`inventory.python.metadata`). An archive
without one holds no package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.python.metadata import read_metadata
from assaymark.model.inventory import Application, Found
from assaymark.safeio.zip import ZipArchive

_METADATA: Final = ("EGG-INFO/PKG-INFO", ".egg-info", ".egg-info/PKG-INFO", ".egg-info/METADATA")


def _parse(source: Input) -> Iterator[Found]:
    with source.file.open() as stream:
        archive = ZipArchive(stream, limits=source.limits, what=source.path)
        member = next((each for each in archive.members if each.name.endswith(_METADATA)), None)
        if member is None:
            return
        content = archive.read(member, source.limits.memory_file_bytes)
    lines = (line.removesuffix(b"\r") for line in content.split(b"\n"))
    package = read_metadata(lines, path=source.path, limits=source.limits)
    yield Application(path=source.path, type="python-pkg", packages=(package,))


ANALYZER: Final = Analyzer(
    name="python-egg",
    version=1,
    kind="lang",
    paths=("*.egg",),
    targets=("image", "rootfs", "fs", "repo"),
    application="python-pkg",
    is_file=True,
    parse=_parse,
)
