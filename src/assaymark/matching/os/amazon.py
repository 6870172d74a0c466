"""Amazon Linux: the security center's advisories, by binary package and release.

1. The release is the first word of the version, cut to its major number; all but `2`, `2022` and `2023` are `1`, which
   named its releases by month (`2018.03`).
2. Versions compare as Debian's do, not as rpm's: a slip of the reference, kept for equal reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, advised, binary_name, is_before_fix, major
from assaymark.versions.scheme import load_scheme

_NUMBERED: Final = frozenset({"2", "2022", "2023"})


def _release(target: OsTarget) -> str:
    number = major(target.release.lstrip().partition(" ")[0])
    return number if number in _NUMBERED else "1"


def _bucket(target: OsTarget) -> str:
    return f"amazon linux {_release(target)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme("deb")
    pairs = advised(target, _bucket(target), scheme, name=binary_name, version=lambda package: package.full_version)
    for package, advisory, version in pairs:
        if is_before_fix(target, scheme, version, advisory=advisory):
            yield Match(package=package, advisory=advisory, installed=version, fixed=advisory.fixed_version)


DRIVER: Final = Driver(
    families=("amazon",), buckets=lambda target: (_bucket(target),), lifecycle=_release, detect=_detect
)
