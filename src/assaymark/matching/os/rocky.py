"""Rocky Linux: errata by binary package, architecture and major release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.matching.driver import Driver, Match, OsTarget, major
from assaymark.matching.rpm import by_architecture, fixed_later, modular_name
from assaymark.versions.rpm import canonical


def _bucket(target: OsTarget) -> str:
    return f"rocky {major(target.release)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    return fixed_later(target, _bucket(target), name=modular_name, statements=by_architecture, printed=canonical)


DRIVER: Final = Driver(
    families=("rocky",),
    buckets=lambda target: (_bucket(target),),
    lifecycle=lambda target: major(target.release),
    detect=_detect,
)
