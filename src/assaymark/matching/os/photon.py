"""Photon OS: CVE metadata by source package and release; the *binary* package's version is compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget
from assaymark.matching.rpm import fixed_later


def _bucket(target: OsTarget) -> str:
    return f"Photon OS {target.release}"


def _detect(target: OsTarget) -> Iterator[Match]:
    return fixed_later(target, _bucket(target), name=lambda package: package.src_name)


DRIVER: Final = Driver(
    families=("photon",),
    buckets=lambda target: (_bucket(target),),
    lifecycle=lambda target: target.release,
    detect=_detect,
)
