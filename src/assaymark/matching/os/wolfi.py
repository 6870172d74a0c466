"""Wolfi, Chainguard and MinimOS: rolling distributions whose advisories always name the repairing version.

1. Advisories are looked up by source package; the version of the *binary* package is compared.
2. There are no releases and no ends of life.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, advised, is_before_fix, source_name
from assaymark.versions.scheme import load_scheme


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme("apk")
    pairs = advised(target, target.family, scheme, name=source_name, version=lambda package: package.full_version)
    for package, advisory, version in pairs:
        if is_before_fix(target, scheme, version, advisory=advisory):
            yield Match(package=package, advisory=advisory, installed=version, fixed=advisory.fixed_version)


DRIVER: Final = Driver(
    families=("wolfi", "chainguard", "minimos"),
    buckets=lambda target: (target.family,),
    lifecycle=lambda _: "",
    detect=_detect,
)
