"""NuGet's `packages.lock.json` and `packages.config`.

The two formats are one analyser because reports call both `nuget`; they are read in `inventory.dotnet`. A file that
`--file-patterns` adds is a lockfile unless it is called `packages.config`. Licences are those of NuGet's cache on the
machine that scans, where it has the packages.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.dotnet.nuspec import find_license
from assaymark.inventory.dotnet.packages_config import read_packages_config
from assaymark.inventory.dotnet.packages_lock import FRAMEWORKS, read_packages_lock
from assaymark.inventory.json_lines import EACH, located, object_lines
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package
from assaymark.safeio.text import decode_utf8
from assaymark.safeio.xml import parse_xml

_CONFIG: Final = "packages.config"
_LOCATED: Final = located((FRAMEWORKS, EACH, EACH))


def _parse(source: Input) -> Iterator[Found]:
    packages = _config(source) if posixpath.basename(source.path) == _CONFIG else _lock(source)
    if len(packages) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if packages:
        licensed = tuple(msgspec.structs.replace(each, licenses=find_license(each, source)) for each in packages)
        yield Application(path=source.path, type="nuget", packages=licensed)


def _lock(source: Input) -> list[Package]:
    data = source.file.read(source.limits.json_bytes)
    document = decode_object(data, limits=source.limits, what=source.path)
    return read_packages_lock(document, object_lines(decode_utf8(data), _LOCATED))


def _config(source: Input) -> list[Package]:
    data = source.file.read(source.limits.xml_bytes)
    return read_packages_config(parse_xml(data, limits=source.limits, what=source.path))


ANALYZER: Final = Analyzer(
    name="nuget",
    version=1,
    kind="lang",
    paths=("packages.lock.json", _CONFIG),
    targets=("image", "rootfs", "fs", "repo"),
    parse=_parse,
)
