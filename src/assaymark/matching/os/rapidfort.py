"""RapidFort: curated images of Ubuntu, Alpine and Red Hat, marked as such by a file in them.

1. Where a package comes from decides which advisories are asked. Ubuntu: RapidFort's own builds (`+rf`, `rfubu`) are of
   no release. Red Hat: the last of `.el9`, `.fc42` and `.rf1` in the version says Red Hat 9, Fedora 42, or RapidFort's
   own; without any it is the image's release.
2. The source package and the package itself are looked up; where both have an advisory, the source package's counts.
3. The source package's version is compared, the package's own where it names no source.
4. Packages from third parties are RapidFort's to describe, too. Ends of life are lifted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.matching.driver import Driver, Match, OsTarget, is_package, major, minor, source_name
from assaymark.matching.supplier import is_affected, supplied_match
from assaymark.model.advisory import Advisory
from assaymark.model.package import Package
from assaymark.versions.scheme import load_scheme

_SCHEMES: Final = {"ubuntu": "deb", "alpine": "apk", "redhat": "rpm"}
_OWN_DEB = re.compile(r"\+rf|rfubu")
_ORIGIN = re.compile(r"\.(el|fc|rf)([0-9]*)")


def _claims(target: OsTarget) -> bool:
    return target.supplier == "rapidfort"


def _version(package: Package) -> str:
    return package.full_src_version or package.full_version


def _bucket(target: OsTarget, version: str) -> str:
    """Rule 1."""
    if target.family == "redhat":
        base = _rpm_origin(target, version)
    elif target.family == "ubuntu" and _OWN_DEB.search(version):
        base = "ubuntu"
    else:
        base = f"{target.family} {minor(target.release)}"
    return f"rapidfort {base}".rstrip()


def _rpm_origin(target: OsTarget, version: str) -> str:
    origins = _ORIGIN.findall(version)
    mark, number = origins[-1] if origins else ("el", major(target.release))
    return {"el": f"Red Hat {number}", "fc": f"fedora {number}", "rf": "Red Hat"}[mark]


def _buckets(target: OsTarget) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_bucket(target, _version(package)) for package in target.packages))


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme(_SCHEMES[target.family])
    for package in target.packages:
        version = _version(package)
        for advisory in _advisories(target, package, version):
            if version and is_affected(target, scheme, package, version, advisory, lenient=True):
                source = advisory.data_source
                stated = msgspec.structs.replace(advisory, custom=None)
                yield supplied_match(package, stated, severity_source=source.id if source else "")


def _advisories(target: OsTarget, package: Package, version: str) -> list[Advisory]:
    """Rule 2."""
    bucket = _bucket(target, version)
    names = dict.fromkeys((package.name, source_name(package)))
    found = {
        advisory.vulnerability_id: advisory for name in names for advisory in target.source.advisories(bucket, name)
    }
    return list(found.values())


DRIVER: Final = Driver(
    families=tuple(_SCHEMES),
    buckets=_buckets,
    lifecycle=lambda _: "",
    detect=_detect,
    supplier="RapidFort",
    claims=_claims,
    keeps=is_package,
)
