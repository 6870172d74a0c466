"""Operating systems for tests of drivers: a family, a release, packages and the advisories of buckets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tests.support.advisory_source import MemoryAdvisories

from assaymark.matching.doubts import Doubts
from assaymark.matching.driver import Driver, Match, OsTarget, find_driver
from assaymark.model.advisory import Advisory, CpeKey
from assaymark.model.package import Package

TODAY = datetime(2026, 11, 21, tzinfo=UTC)

Buckets = Mapping[str, Mapping[str, list[Advisory]]]


def os_target(
    system: str,
    *packages: Package,
    advisories: Buckets | None = None,
    supplier: str = "",
    products: Mapping[tuple[CpeKey, str], tuple[int, ...]] | None = None,
) -> OsTarget:
    """The target of a system that is named `<family> <release>`."""
    family, _, release = system.partition(" ")
    return OsTarget(
        family=family,
        release=release,
        supplier=supplier,
        packages=packages,
        source=MemoryAdvisories(advisories or {}, products=products),
        today=TODAY,
        doubts=Doubts(""),
    )


def driver_for(target: OsTarget) -> Driver:
    """The driver that is asked."""
    driver = find_driver(target)
    assert driver is not None
    return driver


def matches(target: OsTarget) -> list[Match]:
    """What it finds."""
    return list(driver_for(target).detect(target))


def found(target: OsTarget) -> list[tuple[str, str, str, str]]:
    """Package, vulnerability, installed and fixed version of each match."""
    return [(each.package.name, each.advisory.vulnerability_id, each.installed, each.fixed) for each in matches(target)]


def advisory(fixed: str = "", *, name: str = "CVE-2026-1", **values: object) -> Advisory:
    """One statement."""
    return Advisory(vulnerability_id=name, fixed_version=fixed, **values)  # type: ignore[arg-type] # fields of Advisory


def rpm(
    version: str, *, name: str = "openssl-libs", source: str = "openssl", arch: str = "x86_64", label: str = ""
) -> Package:
    """An installed rpm package, `[epoch:]version[-release]`, built from a source package of the same version."""
    epoch, colon, rest = version.rpartition(":")
    number, _, release = rest.partition("-")
    return Package(
        id=f"{name}@{version}.{arch}",
        name=name,
        version=number,
        release=release,
        epoch=int(epoch) if colon else 0,
        arch=arch,
        src_name=source,
        src_version=number,
        src_release=release,
        src_epoch=int(epoch) if colon else 0,
        modularitylabel=label,
    )
