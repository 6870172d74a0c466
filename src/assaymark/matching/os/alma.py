"""AlmaLinux: errata by binary package and major release.

A package built for a module that does not say which cannot be looked up (bugs.almalinux.org, 173): the reference passes
over it, and so does the report, with an issue.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.matching.driver import Driver, Match, OsTarget, major
from assaymark.matching.rpm import fixed_later, modular_name
from assaymark.model.issue import IssueCode
from assaymark.model.package import Package
from assaymark.versions.rpm import canonical


def _bucket(target: OsTarget) -> str:
    return f"alma {major(target.release)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    known = tuple(package for package in target.packages if not _is_of_unknown_module(package))
    for package in filter(_is_of_unknown_module, target.packages):
        target.doubts.unmatched(package.name, "they do not name their module", code=IssueCode.NOT_ANALYSED)
    narrowed = msgspec.structs.replace(target, packages=known)
    yield from fixed_later(narrowed, _bucket(target), name=modular_name, printed=canonical)


def _is_of_unknown_module(package: Package) -> bool:
    return ".module_el" in package.release and not package.modularitylabel


DRIVER: Final = Driver(
    families=("alma",),
    buckets=lambda target: (_bucket(target),),
    lifecycle=lambda target: major(target.release),
    detect=_detect,
)
