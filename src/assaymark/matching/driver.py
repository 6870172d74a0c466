"""The extension point of operating systems: one file in `matching/os` for the families that share a rule.

A driver names the bucket of the database, the release that decides about the end of life, and what is vulnerable. Most
families differ only in the name they look up, the version they compare and the version order: `advised` and
`is_before_fix` are what they share, and `assaymark.matching.rpm` what the rpm families share.

A supplier rebuilds packages of somebody else's distribution and publishes advisories of its own. Its driver `claims` a
target by what it finds there; suppliers are asked before the family's driver, in order of their files' names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from assaymark.extensions import discover
from assaymark.matching.doubts import Doubts
from assaymark.model.advisory import Advisory, AdvisorySource, Severity, Status
from assaymark.model.inventory import PackageRepositories
from assaymark.model.package import Package
from assaymark.versions.scheme import Ordered, Scheme, VersionError, load_scheme


class OsTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of an operating system, and who is asked about them.

    Attributes:
        family: such as `debian`.
        release: the distribution's version, with `-ESM` behind it where extended maintenance is on.
        supplier: who rebuilt the image, where it says so.
        repository: what `etc/apk/repositories` says; None where it says nothing.
        packages: those that the driver keeps.
        today: decides about ends of life.
        doubts: where versions that cannot be ordered are noted.
    """

    family: str
    release: str
    supplier: str = ""
    repository: PackageRepositories | None = None
    packages: tuple[Package, ...] = ()
    source: AdvisorySource
    today: datetime
    doubts: Doubts


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerable package, before the details are filled in.

    Attributes:
        installed: the version as the finding prints it.
        fixed: the versions that repair it; empty where there is none.
        path: the package's file, for language packages.
        vendor_ids: the publisher's own names, where the family's findings carry them.
        status: what the advisory says; findings with a fixed version are `fixed` whatever it says.
        severity: a severity for this very package, with the source that gave it.
    """

    package: Package
    advisory: Advisory
    installed: str
    fixed: str
    path: str = ""
    vendor_ids: tuple[str, ...] = ()
    status: Status = Status.UNKNOWN
    severity: Severity = Severity.UNKNOWN
    severity_source: str = ""


def is_package(package: Package) -> bool:
    """Whether it is a package at all: `gpg-pubkey` is a key that rpm lists among them."""
    return package.name != "gpg-pubkey"


def is_described(package: Package) -> bool:
    """Whether a distribution's advisories may speak of the package: no third-party builds."""
    return package.repository.class_ != "third-party" and is_package(package)


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """How the advisories of some distribution families are read.

    Attributes:
        families: as the release files call them.
        buckets: the advisory sources of a target; one that the database lacks is reported as not looked at.
        lifecycle: the release's key in the table of ends of life; empty where the family has no releases that end.
        detect: the vulnerable packages, in any order.
        keeps: which packages the advisories may speak of.
        supplier: the supplier's name; empty for a family's own advisories.
        claims: for a supplier, whether its packages are in the target, all of which is handed to it.
    """

    families: tuple[str, ...]
    buckets: Callable[[OsTarget], tuple[str, ...]]
    lifecycle: Callable[[OsTarget], str]
    detect: Callable[[OsTarget], Iterator[Match]]
    keeps: Callable[[Package], bool] = is_described
    supplier: str = ""
    claims: Callable[[OsTarget], bool] = lambda _: True


def drivers() -> Iterator[Driver]:
    """Every driver, in order of the files' names."""
    return discover("assaymark.matching.os", "DRIVER", Driver)


def find_driver(target: OsTarget) -> Driver | None:
    """The driver of a target: a supplier's that claims it, else its family's."""
    suppliers = (driver for driver in drivers() if driver.supplier and target.family in driver.families)
    return next((driver for driver in suppliers if driver.claims(target)), None) or find_family_driver(target.family)


def find_family_driver(family: str) -> Driver | None:
    """The driver that reads a distribution family's own advisories."""
    return next((driver for driver in drivers() if not driver.supplier and family in driver.families), None)


def binary_name(package: Package) -> str:
    """The package's own name."""
    return package.name


def source_name(package: Package) -> str:
    """The source package, or the package itself where it names none."""
    return package.src_name or package.name


def major(release: str) -> str:
    """`8` of `8.1.2`."""
    return release.partition(".")[0]


def minor(release: str) -> str:
    """`3.17` of `3.17.2`."""
    return ".".join(release.split(".")[:2])


def advised(
    target: OsTarget,
    bucket: str,
    scheme: Scheme,
    *,
    name: Callable[[Package], str],
    version: Callable[[Package], str],
) -> Iterator[tuple[Package, Advisory, str]]:
    """Packages with each of their advisories, and the version to compare; versions without an order are noted."""
    known: dict[str, list[Advisory]] = {}  # binary packages of one source ask the same
    for package in target.packages:
        asked = name(package)
        if asked not in known:
            known[asked] = target.source.advisories(bucket, asked)
        if not known[asked]:
            continue
        installed = version(package)
        try:
            scheme.key(installed)
        except VersionError:
            target.doubts.version(package.name, installed)
            continue
        for advisory in known[asked]:
            yield package, advisory, installed


def find_key(target: OsTarget, scheme: Scheme, version: str, *, advisory: Advisory) -> Ordered | None:
    """The key of a version that an advisory states; None, and noted, where it has no order."""
    try:
        return scheme.key(version)
    except VersionError:
        target.doubts.constraint(advisory.vulnerability_id, version)
        return None


def is_before_fix(target: OsTarget, scheme: Scheme, version: str, *, advisory: Advisory) -> bool:
    """Whether `version` comes before the advisory's `FixedVersion`; where that has no order, it does not."""
    fixed = find_key(target, scheme, advisory.fixed_version, advisory=advisory)
    return fixed is not None and scheme.key(version) < fixed


def affected_sources(target: OsTarget, bucket: str) -> Iterator[tuple[Package, Advisory]]:
    """Packages whose source package, in dpkg's order, is before the fix, or has none: Debian's and Ubuntu's rule."""
    scheme = load_scheme("deb")
    pairs = advised(
        target,
        bucket,
        scheme,
        name=lambda package: package.src_name,
        version=lambda package: package.full_src_version,
    )
    for package, advisory, version in pairs:
        if not advisory.fixed_version or is_before_fix(target, scheme, version, advisory=advisory):
            yield package, advisory
