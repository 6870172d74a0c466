"""Seal Security: rebuilt packages of several distributions, told by their names (`seal-openssl`).

1. Seal's packages are looked up among Seal's advisories by source package; of rpm packages the release says which Red
   Hat they are for (`el8`). The source package's version is compared in the base distribution's order.
2. An advisory with several ranges has one repaired version for each, and a finding names that of the range it lies in.
   One without ranges says nothing.
3. All other packages are the base distribution's, without what `etc/apk/repositories` says.
4. Ends of life are lifted: Seal repairs releases that have ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.matching.driver import (
    Driver,
    Match,
    OsTarget,
    find_family_driver,
    is_described,
    is_package,
    source_name,
)
from assaymark.matching.supplier import is_affected, supplied_match
from assaymark.model.advisory import Advisory
from assaymark.model.package import Package
from assaymark.versions.scheme import load_scheme

_BASES: Final = {
    "alpine": ("apk", "alpine"),
    "debian": ("deb", "debian"),
    "ubuntu": ("deb", "debian"),
    "redhat": ("rpm", "Red Hat"),
    "centos": ("rpm", "Red Hat"),
    "oracle": ("rpm", "Red Hat"),
    "cbl-mariner": ("rpm", "Red Hat"),
}
"""The version order and the name of Seal's advisories, by family."""


def _is_seals(package: Package) -> bool:
    return package.name.lower().startswith("seal-") or package.src_name.lower().startswith("seal-")


def _claims(target: OsTarget) -> bool:
    return any(map(_is_seals, target.packages))


def _keeps(package: Package) -> bool:
    return is_described(package) or (_is_seals(package) and is_package(package))


def _bucket(target: OsTarget, package: Package) -> str:
    scheme, name = _BASES[target.family]
    release = _red_hat_release(package.src_release if package.src_name else package.release) if scheme == "rpm" else ""
    return f"seal {name} {release}".rstrip()


def _red_hat_release(release: str) -> str:
    """`8` of `3.el8+sp1`, `10` of `9.el10_0.1`."""
    return release.partition("el")[2].partition("_")[0].partition("+")[0]


def _buckets(target: OsTarget) -> tuple[str, ...]:
    base = find_family_driver(target.family)
    own = (_bucket(target, package) for package in target.packages if _is_seals(package))
    return tuple(dict.fromkeys((*(base.buckets(_of_base(target)) if base else ()), *own)))


def _of_base(target: OsTarget) -> OsTarget:
    packages = tuple(package for package in target.packages if not _is_seals(package))
    return msgspec.structs.replace(target, packages=packages, repository=None)


def _detect(target: OsTarget) -> Iterator[Match]:
    base = find_family_driver(target.family)
    if base:
        yield from base.detect(_of_base(target))
    scheme = load_scheme(_BASES[target.family][0])
    for package in filter(_is_seals, target.packages):
        for advisory in target.source.advisories(_bucket(target, package), source_name(package)):
            for each in _by_range(advisory):
                if is_affected(target, scheme, package, package.full_src_version, each):
                    source = each.data_source
                    yield supplied_match(package, each, severity_source=source.base_id if source else "")


def _by_range(advisory: Advisory) -> Iterator[Advisory]:
    """Rule 2; where ranges and repaired versions do not pair, the advisory stays whole."""
    ranges, patched = advisory.vulnerable_versions, advisory.patched_versions
    if len(ranges) != len(patched) or any(fix not in span for span, fix in zip(ranges, patched, strict=True)):
        if ranges:
            yield advisory
        return
    for span, fix in zip(ranges, patched, strict=True):
        yield msgspec.structs.replace(advisory, vulnerable_versions=(span,), patched_versions=(fix,))


DRIVER: Final = Driver(
    families=tuple(_BASES),
    buckets=_buckets,
    lifecycle=lambda _: "",
    detect=_detect,
    supplier="Seal Security",
    claims=_claims,
    keeps=_keeps,
)
