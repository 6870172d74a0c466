"""Red Hat Enterprise Linux and CentOS: OVAL data by binary package, for the products that an image is built from.

1. A package's products are those of the content sets and of the build that its layer names; where it names neither,
   those of the release's own repositories. `__8` and the like behind a content set come from Red Hat's image builds
   and do not belong to its name.
2. An advisory's entries count that are about one of the products and about the package's architecture; `noarch`
   packages are every architecture's.
3. An erratum (RHSA, RHBA, RHEA) speaks of several vulnerabilities, each with its own severity; an advisory named
   `CVE-…` is one without a repair.
4. Of several statements on one vulnerability the one with the greatest fixed version counts.
5. Severities hold for the very package, with the source `redhat`, unknown ones too. Statuses are handed on.

The reference gives up where a package's products are not known (CentOS 5, unknown content sets). Here the scan goes on
and says which packages were not matched; for release 10 the repositories' names are known, the reference lacks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

import msgspec

from assaymark.matching.driver import Driver, Match, OsTarget, advised, find_key, major
from assaymark.matching.rpm import modular_name
from assaymark.model.advisory import Advisory, AdvisoryEntry, AdvisorySource
from assaymark.model.issue import IssueCode
from assaymark.model.package import BuildInfo, Package
from assaymark.versions.rpm import canonical
from assaymark.versions.scheme import Scheme, load_scheme

_BUCKET: Final = "Red Hat"
_SOURCE: Final = "redhat"
_EXAMPLES: Final = 3
_BUILD_SUFFIX = re.compile(r"__[0-9]+\Z")
_CONTENT_SETS: Final = {
    "6": ("rhel-6-server-rpms", "rhel-6-server-extras-rpms"),
    "7": ("rhel-7-server-rpms", "rhel-7-server-extras-rpms"),
    "8": ("rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms"),
    "9": ("rhel-9-for-x86_64-baseos-rpms", "rhel-9-for-x86_64-appstream-rpms"),
    "10": ("rhel-10-for-x86_64-baseos-rpms", "rhel-10-for-x86_64-appstream-rpms"),
}
"""The repositories of a release; the reference asks for these whatever the architecture."""


def _detect(target: OsTarget) -> Iterator[Match]:
    scheme = load_scheme("rpm")
    products = _products(target)
    known = msgspec.structs.replace(
        target, packages=tuple(each for each in target.packages if products[each.build_info])
    )
    pairs = advised(known, _BUCKET, scheme, name=modular_name, version=lambda package: package.full_version)
    for _, group in groupby(pairs, key=lambda pair: id(pair[0])):
        latest: dict[str, Match] = {}
        for package, advisory, version in group:
            for match in _statements(package, advisory, version, products[package.build_info]):
                if find_key(target, scheme, match.fixed, advisory=advisory) is not None:
                    _keep_latest(latest, match, scheme)
        for match in latest.values():
            if not match.fixed or scheme.key(match.installed) < scheme.key(match.fixed):
                yield msgspec.structs.replace(match, fixed=canonical(match.fixed))


def _products(target: OsTarget) -> dict[BuildInfo | None, frozenset[int]]:
    """The products of every build; packages of builds without products are noted."""
    products: dict[BuildInfo | None, frozenset[int]] = {}
    reasons: dict[BuildInfo | None, str] = {}
    for package in target.packages:
        build = package.build_info
        if build not in products:
            content_sets = _content_sets(target, build)
            products[build] = _indices(target.source, build, content_sets)
            reasons[build] = f"the database knows no product of their content sets ({_some(content_sets)})"
        if not products[build]:
            target.doubts.unmatched(package.name, reasons[build], code=IssueCode.OS_NO_ADVISORIES)
    return products


def _some(content_sets: tuple[str, ...]) -> str:
    """Their names, of which an image may state any number."""
    shown = ", ".join(f"`{name[:120]}`" for name in content_sets[:_EXAMPLES]) or "none"
    return f"{shown}, …" if len(content_sets) > _EXAMPLES else shown


def _content_sets(target: OsTarget, build: BuildInfo | None) -> tuple[str, ...]:
    if build is None:
        return _CONTENT_SETS.get(major(target.release), ())
    return tuple(_BUILD_SUFFIX.sub("", name) for name in build.content_sets)


def _indices(source: AdvisorySource, build: BuildInfo | None, content_sets: tuple[str, ...]) -> frozenset[int]:
    indices = {index for name in content_sets for index in source.cpe_indices("repository", name)}
    if build:
        indices.update(source.cpe_indices("nvr", f"{build.nvr}-{build.arch}"))
    return frozenset(indices)


def _statements(package: Package, advisory: Advisory, version: str, products: frozenset[int]) -> Iterator[Match]:
    """Rules 2, 3 and 5."""
    erratum = "" if advisory.vulnerability_id.startswith("CVE-") else advisory.vulnerability_id
    for entry in advisory.entries:
        if products.isdisjoint(entry.affected) or not _is_for(package, entry):
            continue
        for cve in entry.cves:
            yield Match(
                package=package,
                advisory=Advisory(vulnerability_id=cve.id if erratum else advisory.vulnerability_id),
                installed=version,
                fixed=entry.fixed_version,
                vendor_ids=(erratum,) if erratum else (),
                status=entry.status,
                severity=cve.severity,
                severity_source=_SOURCE,
            )


def _is_for(package: Package, entry: AdvisoryEntry) -> bool:
    return not entry.arches or package.arch == "noarch" or package.arch in entry.arches


def _keep_latest(latest: dict[str, Match], match: Match, scheme: Scheme) -> None:
    """Rule 4; of equal ones the first stays."""
    name = match.advisory.vulnerability_id
    if name not in latest or scheme.key(latest[name].fixed) < scheme.key(match.fixed):
        latest[name] = match


DRIVER: Final = Driver(
    families=("redhat", "centos"),
    buckets=lambda _: (_BUCKET,),
    lifecycle=lambda target: major(target.release),
    detect=_detect,
)
