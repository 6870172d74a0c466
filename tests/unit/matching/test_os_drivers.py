"""Which advisories of a distribution speak of which packages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.support.advisory_source import MemoryAdvisories

from assaymark.matching.doubts import Doubts
from assaymark.matching.driver import Match, OsTarget, find_driver, find_family_driver
from assaymark.model.advisory import Advisory, Severity, Status
from assaymark.model.inventory import PackageRepositories
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package

TODAY = datetime(2026, 11, 21, tzinfo=UTC)


def package(version: str, *, name: str = "libssl", src_version: str = "", release: str = "", epoch: int = 0) -> Package:
    source = src_version or version
    return Package(
        name=name,
        version=version,
        release=release,
        epoch=epoch,
        src_name="openssl",
        src_version=source,
        src_epoch=epoch,
    )


def target(
    family: str, release: str, found: Package, *advisories: Advisory, bucket: str, repository: str = ""
) -> OsTarget:
    return OsTarget(
        family=family,
        release=release,
        repository=PackageRepositories(path="", family=family, release=repository) if repository else None,
        packages=(found,),
        source=MemoryAdvisories({bucket: {"openssl": list(advisories)}}),
        today=TODAY,
        doubts=Doubts(""),
    )


def matches(asked: OsTarget) -> list[Match]:
    driver = find_driver(asked)
    assert driver is not None
    return list(driver.detect(asked))


def advisory(fixed: str = "", *, affected: str = "") -> Advisory:
    return Advisory(vulnerability_id="CVE-2026-1", fixed_version=fixed, affected_version=affected)


@pytest.mark.parametrize(
    ("version", "fixed", "affected", "expected"),
    [
        pytest.param("1.1.1-r1", "1.1.1-r2", "", True, id="before the fix"),
        pytest.param("1.1.1-r2", "1.1.1-r2", "", False, id="the fix"),
        pytest.param("1.1.1-r1", "", "", True, id="no fix yet"),
        pytest.param("1.1.1-r1", "", "1.1.1-r1", True, id="the first affected one"),
        pytest.param("1.1.0-r9", "", "1.1.1-r0", False, id="before the first affected one"),
        pytest.param("1.1.1-r1", "1.1.1-r2", "1.0_nonsense", False, id="an affected version without an order"),
        pytest.param("1.1.1-r1", "1.2_nonsense", "", False, id="a fixed version without an order"),
        pytest.param("1.1~git", "9.9-r0", "", False, id="an installed version without an order"),
    ],
)
def test_alpine(version: str, fixed: str, affected: str, expected: bool) -> None:
    asked = target("alpine", "3.10.4", package(version), advisory(fixed, affected=affected), bucket="alpine 3.10")

    assert bool(matches(asked)) == expected


@pytest.mark.parametrize(
    ("release", "repository", "bucket"),
    [
        pytest.param("3.10.4", "", "alpine 3.10", id="the system's release"),
        pytest.param("3.10.4", "3.11", "alpine 3.11", id="the repositories' release wins"),
        pytest.param("3.10.4", "3.11.2", "alpine 3.11", id="of three numbers the last is cut"),
        pytest.param("3.22.0_alpha20250108", "edge", "alpine edge", id="edge"),
        pytest.param("3.22.0_alpha20250108", "", "alpine 3.22", id="an alpha"),
    ],
)
def test_alpine_asks_for_the_release_of_the_repositories(release: str, repository: str, bucket: str) -> None:
    asked = target("alpine", release, package("1"), advisory(), bucket=bucket, repository=repository)

    assert [match.advisory for match in matches(asked)] == [advisory()]


def test_alpine_compares_the_source_package_and_prints_the_binary_one() -> None:
    found = package("1.0-r0", src_version="2.0-r0")
    asked = target("alpine", "3.10.4", found, advisory("1.5-r0"), bucket="alpine 3.10")

    assert matches(asked) == []


@pytest.mark.parametrize("family", ["wolfi", "chainguard", "minimos"])
@pytest.mark.parametrize(
    ("version", "fixed", "expected"),
    [
        pytest.param("1.0-r0", "1.5-r0", True, id="before the fix"),
        pytest.param("2.0-r0", "1.5-r0", False, id="behind the fix"),
        pytest.param("1.0-r0", "", False, id="no fixed version"),
        pytest.param("1.0-r0", "0", False, id="never affected"),
        pytest.param("nonsense", "1", False, id="no order"),
    ],
)
def test_rolling_families_compare_the_binary_package(family: str, version: str, fixed: str, expected: bool) -> None:
    found = package(version, src_version="9.9-r9")
    asked = target(family, "20230201", found, advisory(fixed), bucket=family)

    assert [match.installed for match in matches(asked)] == ([version] if expected else [])


@pytest.mark.parametrize(
    ("family", "release", "bucket"),
    [("debian", "12.3", "debian 12"), ("ubuntu", "22.04", "ubuntu 22.04"), ("ubuntu", "16.04-ESM", "ubuntu 16.04-ESM")],
)
@pytest.mark.parametrize(
    ("version", "fixed", "expected"),
    [
        pytest.param("1.1.1n-0+deb11u3", "1.1.1n-0+deb11u4", True, id="before the fix"),
        pytest.param("1.1.1n-0+deb11u4", "1.1.1n-0+deb11u4", False, id="the fix"),
        pytest.param("1.1.1n-1", "", True, id="no fix"),
        pytest.param("1.1.1n-1", "not-a-version", False, id="a fixed version without an order"),
        pytest.param("nonsense", "", False, id="an installed version without an order"),
    ],
)
def test_debian_and_ubuntu(family: str, release: str, bucket: str, version: str, fixed: str, expected: bool) -> None:
    asked = target(family, release, package(version), advisory(fixed), bucket=bucket)

    assert bool(matches(asked)) == expected


def test_debian_hands_on_what_the_tracker_says() -> None:
    said = Advisory(
        vulnerability_id="CVE-2026-1", vendor_ids=("DSA-1-1",), status=Status.WILL_NOT_FIX, severity=Severity.LOW
    )
    found = package("1.0", release="1", epoch=2)
    asked = target("debian", "12", found, said, bucket="debian 12")

    assert matches(asked) == [
        Match(
            package=found,
            advisory=said,
            installed="2:1.0-1",
            fixed="",
            vendor_ids=("DSA-1-1",),
            status=Status.WILL_NOT_FIX,
            severity=Severity.LOW,
            severity_source="debian",
        )
    ]


@pytest.mark.parametrize(
    ("release", "bucket", "lifecycle"),
    [
        pytest.param("20.04", "ubuntu 20.04", "20.04", id="listed"),
        pytest.param("20.04-ESM", "ubuntu 20.04-ESM", "20.04-ESM", id="extended and listed"),
        pytest.param("22.04-ESM", "ubuntu 22.04", "22.04", id="extended before its time"),
        pytest.param("19.10-ESM", "ubuntu 19.10-ESM", "19.10-ESM", id="extended and never offered"),
        pytest.param("99.04", "ubuntu 99.04", "99.04", id="unknown"),
    ],
)
def test_ubuntu_chooses_the_release(release: str, bucket: str, lifecycle: str) -> None:
    driver = find_family_driver("ubuntu")
    asked = target("ubuntu", release, package("1"), bucket=bucket)

    assert driver is not None
    assert (driver.buckets(asked), driver.lifecycle(asked)) == ((bucket,), lifecycle)


def test_what_has_no_order_is_noted_once() -> None:
    asked = target("debian", "12", package("nonsense"), advisory("1"), advisory("2"), bucket="debian 12")
    assert matches(asked) == []

    assert list(asked.doubts.issues()) == [
        Issue(
            code=IssueCode.VERSION_UNPARSABLE,
            message="1 packages have versions that cannot be ordered: `libssl nonsense`",
        )
    ]


def test_one_source_package_is_looked_up_once() -> None:
    source = MemoryAdvisories({"debian 12": {"openssl": [advisory()]}})
    found = tuple(package("1.0", name=name) for name in ("libssl", "openssl", "libcrypto"))
    asked = OsTarget(family="debian", release="12", packages=found, source=source, today=TODAY, doubts=Doubts(""))

    assert [match.package.name for match in matches(asked)] == ["libssl", "openssl", "libcrypto"]
    assert source.asked == [("debian 12", "openssl")]


@pytest.mark.parametrize(
    ("version", "fixed", "expected"),
    [
        pytest.param("1.0-1", "1.0-2", ["1.0-1"], id="before the fix"),
        pytest.param("1.0-2", "1.0-2", [], id="the fix"),
        pytest.param("1.0-1", "", ["1.0-1"], id="no fix"),
        pytest.param("nonsense", "1.0", [], id="no order"),
    ],
)
def test_echo_compares_the_source_package_and_shows_it(version: str, fixed: str, expected: list[str]) -> None:
    asked = target("echo", "1", package("9.9", src_version=version), advisory(fixed), bucket="echo")

    assert [match.installed for match in matches(asked)] == expected


def test_echo_hands_on_statuses_and_severities() -> None:
    said = Advisory(vulnerability_id="CVE-2026-1", status=Status.FIX_DEFERRED, severity=Severity.LOW)
    found = package("1.0")
    asked = target("echo", "1", found, said, bucket="echo")

    assert matches(asked) == [
        Match(
            package=found,
            advisory=said,
            installed="1.0",
            fixed="",
            status=Status.FIX_DEFERRED,
            severity=Severity.LOW,
            severity_source="echo",
        )
    ]
