from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, SSL_AGAIN, UNFIXED, a_report

from assaymark.model.finding import Finding
from assaymark.model.package import LayerRef, Package
from assaymark.model.report import Result
from assaymark.report.table_fixes import Upgrade, repairing_version, upgrades
from assaymark.report.wording import count_severities
from assaymark.versions.scheme import load_scheme


def a_lock(*findings: Finding, kind: str = "npm") -> Result:
    return Result(target="package-lock.json", class_="lang-pkgs", type=kind, vulnerabilities=findings)


def test_packages_of_one_source_are_upgraded_together_and_the_worst_comes_first() -> None:
    report = a_report(SSL, replace(SSL_AGAIN, vulnerability_id="CVE-2021-2", fixed_version="1.1.1k-r0"), APK_TOOLS)
    packages = tuple(Package(name=name, src_name="openssl") for name in ("libcrypto1.1", "libssl1.1"))
    report = replace(report, results=(replace(report.results[0], packages=packages),))
    assert upgrades(report) == [
        Upgrade(
            name="apk-tools",
            packages=("apk-tools",),
            installed="2.10.4-r2",
            version="2.10.7-r0",
            path="",
            layer=APK_TOOLS.layer,
            counts=count_severities(["CRITICAL"]),
        ),
        Upgrade(
            name="openssl",
            packages=("libcrypto1.1", "libssl1.1"),
            installed="1.1.1d-r2",
            version="1.1.1k-r0",
            path="",
            layer=LayerRef(),
            counts=count_severities(["HIGH", "HIGH"]),
        ),
    ]


def test_a_package_in_two_places_is_two_upgrades() -> None:
    fixed = replace(UNFIXED, fixed_version="2.1")
    lock = a_lock(fixed, replace(fixed, pkg_path=""), UNFIXED)
    report = replace(a_report(), results=(lock,))
    assert [each.path for each in upgrades(report)] == ["package-lock.json", UNFIXED.pkg_path]


def test_a_vulnerability_of_several_packages_counts_once() -> None:
    report = a_report(SSL, SSL_AGAIN)
    packages = tuple(Package(name=name, src_name="openssl") for name in ("libcrypto1.1", "libssl1.1"))
    report = replace(report, results=(replace(report.results[0], packages=packages),))
    assert [each.counts for each in upgrades(report)] == [count_severities(["HIGH"])]


@pytest.mark.parametrize(
    ("scheme", "installed", "fixed", "version"),
    [
        ("generic", "2.14.1", ["2.15.0, 2.3.1, 2.12.2", "2.16.0, 2.12.2"], "2.16.0"),
        ("generic", "2.11.0", ["2.15.0, 2.3.1, 2.12.2", "2.16.0, 2.12.3"], "2.12.3"),
        ("generic", "1.9.0", ["1.10.0", "1.9.5"], "1.10.0"),
        ("generic", "3.0.0", ["2.9.0"], "2.9.0"),
        ("generic", "4.1.0", [">= 4.2.5, ~> 4.1.4"], "4.1.4"),
        ("deb", "1:2.0-1", ["1:2.0-1+deb12u1", "1:2.0-1+deb12u2"], "1:2.0-1+deb12u2"),
        ("generic", "1.0", ["odd version", "1.1", "odd version"], "odd version, 1.1"),
        ("generic", "odd version", ["1.1", "1.2", "1.3", "1.4"], "1.1, 1.2, 1.3, …"),
        ("generic", "1.0", [",", "1.1"], "1.1"),
    ],
    ids=[
        "the lowest above the installed one repairs one, the greatest of them all",
        "a maintained line is not left",
        "versions are numbers and not texts",
        "a fix below the installed version is all there is",
        "ranges count by their bounds",
        "a distribution's own order",
        "a version that has no order",
        "an installed version that has no order",
        "an empty entry",
    ],
)
def test_the_version_that_repairs_everything(scheme: str, installed: str, fixed: list[str], version: str) -> None:
    assert repairing_version(installed, fixed, load_scheme(scheme)) == version
