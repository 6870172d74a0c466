"""Ubuntu: the CVE tracker's advisories, by source package and release.

1. A release that the table of ends of life lists is asked for as it is, `18.04-ESM` too. Else the characters `-`, `E`,
   `S` and `M` are cut from its end, and what is left is asked for while it is supported.
2. The source package's version is compared; without a `FixedVersion` the package is vulnerable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, affected_sources
from assaymark.matching.lifecycle import find_end_of_life


def _release(target: OsTarget) -> str:
    if find_end_of_life("ubuntu", target.release):
        return target.release
    base = target.release.rstrip("-ESM")  # a set of characters, as the reference has it
    end = find_end_of_life("ubuntu", base)
    return base if end and target.today < end else target.release


def _bucket(target: OsTarget) -> str:
    return f"ubuntu {_release(target)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    for package, advisory in affected_sources(target, _bucket(target)):
        yield Match(package=package, advisory=advisory, installed=package.full_version, fixed=advisory.fixed_version)


DRIVER: Final = Driver(
    families=("ubuntu",), buckets=lambda target: (_bucket(target),), lifecycle=_release, detect=_detect
)
