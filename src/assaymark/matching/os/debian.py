"""Debian: the security tracker's advisories, by source package and major release.

1. The source package's version is compared; without a `FixedVersion` the package is vulnerable.
2. Findings carry the advisory's status and vendor ids (DSA, DLA).
3. A severity in the advisory holds for this very package and wins over every other, with the source `debian`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, affected_sources, major


def _bucket(target: OsTarget) -> str:
    return f"debian {major(target.release)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    for package, advisory in affected_sources(target, _bucket(target)):
        yield Match(
            package=package,
            advisory=advisory,
            installed=package.full_version,
            fixed=advisory.fixed_version,
            vendor_ids=advisory.vendor_ids,
            status=advisory.status,
            severity=advisory.severity,
            severity_source="debian" if advisory.severity else "",
        )


DRIVER: Final = Driver(
    families=("debian",),
    buckets=lambda target: (_bucket(target),),
    lifecycle=lambda target: major(target.release),
    detect=_detect,
)
