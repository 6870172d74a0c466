"""Oracle Linux: OVAL definitions by binary package, architecture and major release.

An advisory counts only for packages of its own flavour: Ksplice's builds are repaired by Ksplice's builds, validated
(FIPS) builds by validated ones, and all others by neither of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, binary_name, major
from assaymark.matching.rpm import by_architecture, fixed_later
from assaymark.model.advisory import Advisory
from assaymark.model.package import Package


def _bucket(target: OsTarget) -> str:
    return f"Oracle Linux {major(target.release)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    return fixed_later(target, _bucket(target), name=binary_name, statements=_of_flavour)


def _of_flavour(package: Package, advisory: Advisory) -> Iterator[Advisory]:
    flavour = _flavour(package.release)
    return (each for each in by_architecture(package, advisory) if _flavour(each.fixed_version) == flavour)


def _flavour(version: str) -> str:
    version = version.lower()
    if version.endswith("_fips"):
        return "fips"
    return "ksplice" if any(part.startswith("ksplice") for part in version.split(".")) else "normal"


DRIVER: Final = Driver(
    families=("oracle",),
    buckets=lambda target: (_bucket(target),),
    lifecycle=lambda target: major(target.release),
    detect=_detect,
)
