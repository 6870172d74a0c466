"""A scan with as many findings as one likes: one in three fixable, all severities, texts as long as real ones."""

from __future__ import annotations

from msgspec.structs import replace
from tests.support.scans import a_report, a_scan

from assaymark.model.advisory import Cvss, DataSource
from assaymark.model.finding import Finding
from assaymark.model.package import Package, PackageIdentifier, Relationship
from assaymark.model.report import Result, Scan

_SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "UNKNOWN", "LOW", "MEDIUM")
_SOURCE = DataSource(id="ghsa", name="GitHub Security Advisory npm", url="https://github.com/advisories")
_DESCRIPTION = "The function does not check what it is given, so a request can make it read beyond its buffer. "


def large_scan(count: int, *, a_vulnerability_each: int = 2) -> Scan:
    """`count` findings; each vulnerability hits `a_vulnerability_each` packages, each package has five findings."""
    packages = [_package(index) for index in range(count // 5 + 1)]
    findings = [
        _finding(index // a_vulnerability_each, packages[(index * 7919) % len(packages)]) for index in range(count)
    ]
    result = Result(
        target="package-lock.json",
        class_="lang-pkgs",
        type="npm",
        packages=tuple(packages),
        vulnerabilities=tuple(findings),
    )
    return a_scan(report=replace(a_report(), results=(result,)))


def _package(index: int) -> Package:
    """Packages hang below each other in twos, like a heap."""
    return Package(
        id=f"package-{index}@1.{index}.0",
        name=f"package-{index}",
        identifier=PackageIdentifier(purl=f"pkg:npm/package-{index}@1.{index}.0", uid=f"{index:016x}"),
        version=f"1.{index}.0",
        relationship=Relationship.DIRECT if index < 3 else Relationship.INDIRECT,
        depends_on=tuple(f"package-{below}@1.{below}.0" for below in (2 * index + 1, 2 * index + 2)),
    )


def _finding(number: int, package: Package) -> Finding:
    fixable = number % 3 == 0
    score = (number % 100) / 10
    return Finding(
        vulnerability_id=f"CVE-{2010 + number % 16}-{number}",
        pkg_id=package.id,
        pkg_name=package.name,
        pkg_identifier=package.identifier,
        installed_version=package.version,
        fixed_version=f"2.{number}.0" if fixable else "",
        status="fixed" if fixable else "affected",
        severity_source="ghsa",
        primary_url=f"https://avd.aquasec.com/nvd/cve-{2010 + number % 16}-{number}",
        data_source=_SOURCE,
        title=f"package: a request makes function {number} read beyond its buffer",
        description=_DESCRIPTION * 5,
        severity=_SEVERITIES[number % len(_SEVERITIES)],
        cwe_ids=("CWE-125",),
        vendor_severity={"ghsa": 2, "nvd": 3},
        cvss={"ghsa": Cvss(v3_vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", v3_score=score)},
        references=tuple(f"https://example.com/{number}/{part}" for part in range(8)),
        published_date=f"{2010 + number % 16}-03-01T00:00:00Z",
        last_modified_date="2026-01-02T00:00:00Z",
    )
