"""Root.io: rebuilt packages of Debian, Ubuntu and Alpine, told by their versions (`.root.io`, `-r10071`).

1. The base distribution's advisories count, a fixed version as the range before it; where Root.io has one of the same
   name, its own counts alone.
2. The source package is looked up, and its version compared in the base distribution's order.
3. Ends of life are lifted: Root.io repairs releases that have ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.matching.driver import Driver, Match, OsTarget, major, minor, source_name
from assaymark.matching.supplier import is_affected, supplied_match
from assaymark.model.advisory import Advisory
from assaymark.versions.scheme import load_scheme

_DEB_MARK: Final = re.compile(r"\.root\.io")
_MARKS: Final = {"debian": _DEB_MARK, "ubuntu": _DEB_MARK, "alpine": re.compile(r"-r[0-9]007[0-9]")}


def _claims(target: OsTarget) -> bool:
    return any(_MARKS[target.family].search(package.full_version) for package in target.packages)


def _buckets(target: OsTarget) -> tuple[str, str]:
    cut = major if target.family == "debian" else minor
    base = f"{target.family} {cut(target.release)}"
    return base, f"root.io {base}"


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme("apk" if target.family == "alpine" else "deb")
    known: dict[str, list[Advisory]] = {}
    for package in target.packages:
        name = source_name(package)
        if name not in known:
            known[name] = _advisories(target, name)
        for advisory in known[name]:
            if is_affected(target, scheme, package, package.full_src_version, advisory):
                source = advisory.data_source
                yield supplied_match(package, advisory, severity_source=source.id if source else "")


def _advisories(target: OsTarget, name: str) -> list[Advisory]:
    """Rule 1."""
    base, own = (target.source.advisories(bucket, name) for bucket in _buckets(target))
    found = {advisory.vulnerability_id: _as_range(advisory) for advisory in base}
    found.update({advisory.vulnerability_id: advisory for advisory in own})
    return list(found.values())


def _as_range(advisory: Advisory) -> Advisory:
    fixed = advisory.fixed_version
    if not fixed:
        return advisory
    return msgspec.structs.replace(advisory, vulnerable_versions=(f"<{fixed}",), patched_versions=(fixed,))


DRIVER: Final = Driver(
    families=tuple(_MARKS), buckets=_buckets, lifecycle=lambda _: "", detect=_detect, supplier="Root.io", claims=_claims
)
