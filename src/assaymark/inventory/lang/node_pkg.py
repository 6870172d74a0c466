"""Installed Node.js packages: every `package.json` that has a name and a version.

A file without one of the two is a part of a package (`{"type": "module"}`) or a project that is not published. A file
that is no `package.json` at all installs nothing, since Node.js does not load it either; packages bring some as samples
for their tests. It is told, and does not make the scan incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.nodejs.package_json import read_package_json
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.json_bytes)
    try:
        read = read_package_json(data, limits=source.limits, what=source.path)
    except LimitError:
        raise
    except (ArtifactError, ValueError) as exc:
        message = f"node-pkg: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=source.path, blocking=False))
        return
    if read.id:
        package = Package(
            id=read.id,
            name=read.name or "",
            version=read.version or "",
            licenses=read.licenses,
            file_path=source.path,
        )
        yield Application(path=source.path, type="node-pkg", packages=(package,))


ANALYZER: Final = Analyzer(
    name="node-pkg",
    version=1,
    kind="lang",
    paths=("package.json",),
    targets=("image", "rootfs"),
    is_file=True,
    parse=_parse,
)
