"""Debian: the security tracker's advisories, by source package and major release.

1. The source package's version is compared; without a `FixedVersion` the package is vulnerable.
2. Findings carry the advisory's status and vendor ids (DSA, DLA).
3. A severity in the advisory holds for this very package and wins over every other, with the source `debian`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, advised, is_before_fix, major
from assaymark.versions.scheme import load_scheme


def _bucket(target: OsTarget) -> str:
    return f"debian {major(target.release)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme("deb")
    pairs = advised(
        target,
        _bucket(target),
        scheme,
        name=lambda package: package.src_name,
        version=lambda package: package.full_src_version,
    )
    for package, advisory, version in pairs:
        if not advisory.fixed_version or is_before_fix(target, scheme, version, advisory=advisory):
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
    families=("debian",), bucket=_bucket, lifecycle=lambda target: major(target.release), detect=_detect
)
