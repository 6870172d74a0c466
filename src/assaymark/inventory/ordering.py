"""The orders in which the reference lists packages and applications."""

from __future__ import annotations

from typing import Final

from assaymark.model.inventory import Application
from assaymark.model.package import Package, Relationship

_RANKS: Final = {
    Relationship.ROOT: 0,
    Relationship.WORKSPACE: 1,
    Relationship.DIRECT: 2,
    Relationship.INDIRECT: 3,
    Relationship.UNKNOWN: 4,
}


def package_order(package: Package) -> tuple[int, str, str, str, str]:
    """Relationship with the unknown last, then name, version, ID and path.

    Text compares by code point, which is the order of its UTF-8 bytes.
    """
    return (_RANKS[package.relationship], package.name, package.version, package.id, package.file_path)


def application_order(application: Application) -> tuple[str, str, int]:
    """Type, path, number of packages."""
    return (application.type, application.path, len(application.packages))
