"""Ten thousand findings: every format is written in less than two seconds more than the JSON report."""

from __future__ import annotations

import time
from functools import cache

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, a_report, a_scan, rendered

from assaymark.model.advisory import Cvss
from assaymark.model.finding import Finding
from assaymark.model.package import Package, PackageIdentifier
from assaymark.model.report import Scan
from assaymark.report.format import formats

FINDINGS = 10_000
PACKAGES = 1_000
TOLD_BY_FLAGS = {"template"}
NAMES = [each.name for each in formats() if each.name not in TOLD_BY_FLAGS]


@cache
def _scan() -> Scan:
    report = a_report(*map(_finding, range(FINDINGS)))
    packages = tuple(map(_package, range(PACKAGES)))
    return a_scan(report=replace(report, results=(replace(report.results[0], packages=packages),)))


def _package(number: int) -> Package:
    purl = f"pkg:apk/alpine/package-{number}@1.{number}"
    return Package(
        id=f"package-{number}@1.{number}",
        name=f"package-{number}",
        version=f"1.{number}",
        identifier=PackageIdentifier(purl=purl, uid=f"{number:x}"),
        depends_on=(f"package-{(number + 1) % PACKAGES}@1.{(number + 1) % PACKAGES}",),
    )


def _finding(number: int) -> Finding:
    package = _package(number % PACKAGES)
    return replace(
        APK_TOOLS,
        vulnerability_id=f"CVE-2026-{number}",
        pkg_id=package.id,
        pkg_name=package.name,
        pkg_identifier=package.identifier,
        installed_version=package.version,
        severity=("LOW", "MEDIUM", "HIGH", "CRITICAL")[number % 4],
        severity_source="nvd",
        primary_url=f"https://avd.example/nvd/cve-2026-{number}",
        title=f"an overflow of {number} bytes",
        description=f"What happens in case {number}.\n" + "It is told at length. " * 30,
        cvss={"nvd": Cvss(v3_score=number % 100 / 10, v3_vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H")},
        references=tuple(f"https://refs.example/{number}/{each}" for each in range(10)),
    )


@cache
def _seconds(name: str) -> float:
    """Of the processor, which other processes of a busy machine do not count in."""
    scan, began = _scan(), time.process_time()
    assert rendered(scan, name)
    return time.process_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_findings_are_written_quickly(name: str) -> None:
    assert _seconds(name) - _seconds("json") < 2
