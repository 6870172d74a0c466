"""Packages of one archive, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assaymark.model.package import Package
from assaymark.versions.maven import SCHEME
from assaymark.versions.scheme import Ordered, VersionError


def unique_packages(packages: Iterable[Package]) -> Iterator[Package]:
    """The first of those that have the same name, archive, and (by Maven's order: `2.17` and `2.17.0`) version."""
    seen: set[tuple[str, str, Ordered | str]] = set()
    for package in packages:
        key = (package.name, package.file_path, _key(package.version))
        if key not in seen:
            seen.add(key)
            yield package


def _key(version: str) -> Ordered | str:
    try:
        return SCHEME.key(version)
    except VersionError:
        return version
