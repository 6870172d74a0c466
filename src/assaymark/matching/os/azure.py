"""Azure Linux and CBL-Mariner: OVAL definitions by source package and minor release.

1. The source package's version is compared; without a fixed version the package is vulnerable.
2. There are no ends of life.
3. Findings do not carry the package's id: a slip of the reference, kept for equal reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.matching.driver import Driver, Match, OsTarget, advised, is_before_fix, minor
from assaymark.versions.rpm import canonical
from assaymark.versions.scheme import load_scheme

_NAMES: Final = {"azurelinux": "Azure Linux", "cbl-mariner": "CBL-Mariner"}


def _bucket(target: OsTarget) -> str:
    return f"{_NAMES[target.family]} {minor(target.release)}"


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme("rpm")
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
                package=msgspec.structs.replace(package, id=""),
                advisory=advisory,
                installed=package.full_version,
                fixed=canonical(advisory.fixed_version),
            )


DRIVER: Final = Driver(
    families=tuple(_NAMES), buckets=lambda target: (_bucket(target),), lifecycle=lambda _: "", detect=_detect
)
