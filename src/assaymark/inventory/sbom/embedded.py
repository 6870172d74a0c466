"""SBOM files inside images and root file systems, as vendors put them beside what they install.

1. A file is an SBOM by its name (`*.cdx`, `*.spdx`, both also with `.json` behind); what is in a wheel's
   `.dist-info/sboms/` belongs to the wheel. Attestations of SBOMs are read as well; nobody asks who signed them,
   because the image's other files are not signed either.
2. Its operating system is not the image's, so only packages and applications are taken.
3. Its system packages stand at the file's path; so does an application that names no path of its own.
4. Bitnami's files (below `opt/bitnami/`) lie in the folder of the component that they describe: that folder is the
   path of Bitnami's own applications, and the paths of other packages begin there.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, normpath
from typing import Final

import msgspec

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.merge import SBOM
from assaymark.inventory.sbom.attested import unwrapped
from assaymark.inventory.sbom.contents import read_contents
from assaymark.inventory.sbom.formats import read_document
from assaymark.model.inventory import Application, Found, OsPackages
from assaymark.model.package import Package

_BITNAMI: Final = "opt/bitnami/"


def _parse(source: Input) -> Iterator[Found]:
    limits = source.limits
    data = unwrapped(source.file.read(limits.json_bytes), limits=limits, what=source.path)
    document = read_document(data, limits=limits, what=source.path)
    contents = read_contents(document, limits=limits)
    for issue in contents.issues:
        source.report(msgspec.structs.replace(issue, path=source.path))
    if contents.packages:
        yield OsPackages(path=source.path, packages=contents.packages)
    for application in contents.applications:
        placed = _in_bitnami(application, dirname(source.path)) if source.path.startswith(_BITNAMI) else application
        yield msgspec.structs.replace(placed, path=placed.path or source.path)


def _in_bitnami(application: Application, folder: str) -> Application:
    """Rule 4."""
    if application.type == "bitnami":
        return msgspec.structs.replace(application, path=folder)
    return msgspec.structs.replace(
        application, packages=tuple(_below(folder, package) for package in application.packages)
    )


def _below(folder: str, package: Package) -> Package:
    """The package with its path below `folder`, as Go joins paths."""
    return msgspec.structs.replace(package, file_path=normpath(f"{folder}/{package.file_path}"))


ANALYZER: Final = Analyzer(
    name=SBOM,
    version=3,
    kind="sbom",
    paths=("*.cdx", "*.cdx.json", "*.spdx", "*.spdx.json", "!**/*.dist-info/sboms/**"),
    targets=("image", "rootfs"),
    parse=_parse,
)
