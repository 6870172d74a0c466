"""Red Hat: products, errata, architectures, and which of several statements counts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.os_targets import driver_for, found, matches, os_target, rpm

from assaymark.matching.driver import Match, OsTarget
from assaymark.model.advisory import Advisory, AdvisoryEntry, RatedCve, Severity, Status
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import BuildInfo, Package

PRODUCTS: Any = {
    ("repository", "rhel-9-for-x86_64-baseos-rpms"): (1,),
    ("repository", "rhel-9-for-x86_64-appstream-rpms"): (2,),
    ("repository", "rhel-8-for-x86_64-baseos-rpms"): (8,),
    ("repository", "rhel-7-server-rpms"): (7,),
    ("repository", "rhel-6-server-rpms"): (6,),
    ("repository", "rhel-10-for-x86_64-appstream-rpms"): (10,),
    ("repository", "codeready__9_DOT_2"): (92,),
    ("nvr", "ubi9-container-9.5-1-x86_64"): (95,),
}
CVE = RatedCve(id="CVE-2026-1", severity=Severity.HIGH)


def entry(fixed: str = "0:2.0-1.el9", *, affected: tuple[int, ...] = (1,), **values: Any) -> AdvisoryEntry:
    return AdvisoryEntry(fixed_version=fixed, affected=affected, **{"cves": (CVE,), **values})


def erratum(*entries: AdvisoryEntry, name: str = "RHSA-2026:1") -> Advisory:
    return Advisory(vulnerability_id=name, entries=entries)


def red_hat(*advisories: Advisory, package: Package | None = None, system: str = "redhat 9.2") -> OsTarget:
    known = {"openssl-libs": list(advisories)}
    return os_target(system, package or rpm("1.0-1.el9"), advisories={"Red Hat": known}, products=PRODUCTS)


def test_an_erratum_names_its_vulnerabilities_and_their_severities() -> None:
    package = rpm("1.0-1.el9")
    low = RatedCve(id="CVE-2026-2", severity=Severity.LOW)

    assert matches(red_hat(erratum(entry(cves=(CVE, low))), package=package)) == [
        Match(
            package=package,
            advisory=Advisory(vulnerability_id=cve.id),
            installed="1.0-1.el9",
            fixed="2.0-1.el9",
            vendor_ids=("RHSA-2026:1",),
            severity=cve.severity,
            severity_source="redhat",
        )
        for cve in (CVE, low)
    ]


def test_a_vulnerability_without_a_repair_has_a_status_and_no_erratum() -> None:
    package = rpm("1.0-1.el9")
    unrated = RatedCve(id="")
    said = erratum(entry("", status=Status.WILL_NOT_FIX, cves=(unrated,)), name="CVE-2026-7")

    assert matches(red_hat(said, package=package)) == [
        Match(
            package=package,
            advisory=Advisory(vulnerability_id="CVE-2026-7"),
            installed="1.0-1.el9",
            fixed="",
            status=Status.WILL_NOT_FIX,
            severity=Severity.UNKNOWN,
            severity_source="redhat",
        )
    ]


@pytest.mark.parametrize(
    ("system", "index", "expected"),
    [
        pytest.param("redhat 9.2", 1, True, id="the release's base repository"),
        pytest.param("redhat 9.2", 2, True, id="the release's application repository"),
        pytest.param("redhat 9.2", 8, False, id="another release"),
        pytest.param("redhat 8.9", 8, True, id="release 8"),
        pytest.param("centos 7.6.1810", 7, True, id="CentOS 7"),
        pytest.param("redhat 6.10", 6, True, id="release 6"),
        pytest.param("redhat 10.1", 10, True, id="release 10"),
        pytest.param("redhat 5.11", 7, False, id="a release without known repositories"),
    ],
)
def test_the_release_stands_for_its_repositories(system: str, index: int, expected: bool) -> None:
    assert bool(found(red_hat(erratum(entry(affected=(99, index))), system=system))) == expected


def built(*content_sets: str, nvr: str = "", arch: str = "") -> Package:
    build = BuildInfo(content_sets=content_sets, nvr=nvr, arch=arch)
    return msgspec.structs.replace(rpm("1.0-1.el9"), build_info=build)


@pytest.mark.parametrize(
    ("package", "index", "expected"),
    [
        pytest.param(built("rhel-8-for-x86_64-baseos-rpms"), 8, True, id="a content set"),
        pytest.param(built("rhel-8-for-x86_64-baseos-rpms"), 1, False, id="in place of the release's"),
        pytest.param(built("rhel-8-for-x86_64-baseos-rpms__8"), 8, True, id="with what an image build adds"),
        pytest.param(built("codeready__9_DOT_2"), 92, True, id="a suffix of the name's own"),
        pytest.param(built(nvr="ubi9-container-9.5-1", arch="x86_64"), 95, True, id="a build"),
        pytest.param(built(nvr="ubi9-container-9.5-1", arch="s390x"), 95, False, id="for another architecture"),
    ],
)
def test_a_build_names_its_products(package: Package, index: int, expected: bool) -> None:
    assert bool(found(red_hat(erratum(entry(affected=(index,))), package=package))) == expected


@pytest.mark.parametrize(
    ("system", "package", "sets"),
    [
        pytest.param("centos 5.11", rpm("1.0-1"), "none", id="a release without known repositories"),
        pytest.param("redhat 9.2", built("epel__9", "other"), "`epel`, `other`", id="unknown content sets"),
        pytest.param("redhat 9.2", built(), "none", id="a build that names nothing"),
        pytest.param("redhat 9.2", built(*"abcd"), "`a`, `b`, `c`, …", id="many content sets"),
    ],
)
def test_packages_of_unknown_products_are_not_matched_and_said_so(system: str, package: Package, sets: str) -> None:
    target = red_hat(erratum(entry(affected=tuple(range(99)))), system=system, package=package)

    assert found(target) == []
    assert list(target.doubts.issues()) == [
        Issue(
            code=IssueCode.OS_NO_ADVISORIES,
            message="1 packages were not matched, because the database knows no product of their content sets "
            f"({sets}): `openssl-libs`",
        )
    ]


@pytest.mark.parametrize(
    ("arches", "arch", "expected"),
    [
        pytest.param(("x86_64",), "x86_64", True, id="listed"),
        pytest.param(("s390x",), "x86_64", False, id="not listed"),
        pytest.param((), "x86_64", True, id="no list"),
        pytest.param(("s390x",), "noarch", True, id="a package for every architecture"),
    ],
)
def test_architectures(arches: tuple[str, ...], arch: str, expected: bool) -> None:
    assert bool(found(red_hat(erratum(entry(arches=arches)), package=rpm("1.0-1.el9", arch=arch)))) == expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([("RHSA-1", "2.0-1"), ("RHSA-2", "3.0-1")], ("3.0-1", ("RHSA-2",)), id="the greatest fix"),
        pytest.param([("RHSA-1", "0:3.0-1"), ("RHSA-2", "2.0-1")], ("3.0-1", ("RHSA-1",)), id="in any order"),
        pytest.param([("RHSA-1", "2.0-1"), ("RHSA-2", "0:2.0-1")], ("2.0-1", ("RHSA-1",)), id="the first of equals"),
        pytest.param([("CVE-2026-1", ""), ("RHSA-2", "2.0-1")], ("2.0-1", ("RHSA-2",)), id="a fix before none"),
        pytest.param([("RHSA-1", "0.9-1"), ("CVE-2026-1", "")], None, id="a fix that is installed, and none"),
        pytest.param([("RHSA-1", "2.0-1"), ("RHSA-2", "9" * 2000)], ("2.0-1", ("RHSA-1",)), id="one without an order"),
    ],
)
def test_of_several_statements_the_greatest_fix_counts(
    statements: list[tuple[str, str]], expected: tuple[str, tuple[str, ...]] | None
) -> None:
    target = red_hat(*(erratum(entry(fixed), name=name) for name, fixed in statements))

    assert [(match.fixed, match.vendor_ids) for match in matches(target)] == ([expected] if expected else [])


def test_each_package_is_asked_for_itself() -> None:
    """Two packages of one name and version, as two architectures have them, are two findings."""
    packages = (rpm("1.0-1.el9"), rpm("1.0-1.el9", arch="i686"), rpm("3.0-1.el9"))
    target = os_target(
        "redhat 9.2",
        *packages,
        advisories={"Red Hat": {"openssl-libs": [erratum(entry())]}},
        products=PRODUCTS,
    )

    assert [match.package.arch for match in matches(target)] == ["x86_64", "i686"]


def test_modules_are_looked_up_with_their_stream() -> None:
    package = rpm("1-1", name="npm", label="nodejs:12:8030020201124152102:229f0a1c")
    target = os_target(
        "redhat 9.2",
        package,
        advisories={"Red Hat": {"nodejs:12::npm": [erratum(entry())]}},
        products=PRODUCTS,
    )

    assert [name for name, _, _, _ in found(target)] == ["npm"]


@pytest.mark.parametrize(("system", "lifecycle"), [("redhat 8.9", "8"), ("centos 7.6.1810", "7")])
def test_the_major_release_ends(system: str, lifecycle: str) -> None:
    target = red_hat(system=system)

    assert (driver_for(target).buckets(target), driver_for(target).lifecycle(target)) == (("Red Hat",), lifecycle)
