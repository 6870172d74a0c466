"""Bottlerocket: updateinfo advisories by binary package, whatever the release; packages without a version are left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, binary_name, is_described
from assaymark.matching.rpm import fixed_later
from assaymark.model.package import Package


def _detect(target: OsTarget) -> Iterator[Match]:
    return fixed_later(target, "bottlerocket", name=binary_name)


def _keeps(package: Package) -> bool:
    return is_described(package) and bool(package.version)


DRIVER: Final = Driver(
    families=("bottlerocket",),
    buckets=lambda _: ("bottlerocket",),
    lifecycle=lambda _: "",
    detect=_detect,
    keeps=_keeps,
)
