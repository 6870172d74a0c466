"""SUSE Linux Enterprise (Server, Micro), openSUSE Leap and Tumbleweed: CVRF documents by binary package and release.

The release is taken as it is (`15.3`); Tumbleweed has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, binary_name
from assaymark.matching.rpm import fixed_later

_ROLLING: Final = "opensuse-tumbleweed"
_NAMES: Final = {
    "sles": "SUSE Linux Enterprise",
    "slem": "SUSE Linux Enterprise Micro",
    "opensuse-leap": "openSUSE Leap",
    _ROLLING: "openSUSE Tumbleweed",
}


def _bucket(target: OsTarget) -> str:
    name = _NAMES[target.family]
    return name if target.family == _ROLLING else f"{name} {target.release}"


def _detect(target: OsTarget) -> Iterator[Match]:
    return fixed_later(target, _bucket(target), name=binary_name)


DRIVER: Final = Driver(
    families=tuple(_NAMES),
    buckets=lambda target: (_bucket(target),),
    lifecycle=lambda target: target.release,
    detect=_detect,
)
