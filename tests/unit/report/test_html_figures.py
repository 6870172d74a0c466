from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, SSL_AGAIN, UNFIXED, a_report

from assaymark.model.advisory import Cvss
from assaymark.model.finding import Finding
from assaymark.model.report import Result
from assaymark.report.html_page.figures import (
    AGE_LABELS,
    Figures,
    PackageFigure,
    age_of,
    figures_of,
    finding_order,
    score_of,
    state_of,
)

STARTED = "2026-08-15T09:59:59Z"
NONE = {"CRITICAL": 0, "HIGH": 0, "MEDIUM": 0, "LOW": 0, "UNKNOWN": 0}


def test_the_figures_of_four_findings() -> None:
    dated = replace(APK_TOOLS, published_date="2026-08-01T00:00:00Z")
    figures = figures_of(a_report(SSL, dated, SSL_AGAIN, UNFIXED), STARTED)
    assert figures == Figures(
        total=4,
        severities={**NONE, "CRITICAL": 1, "HIGH": 2, "UNKNOWN": 1},
        fixable={**NONE, "CRITICAL": 1, "HIGH": 2},
        states={"available": 3, "will_not_fix": 1},
        ages=({**NONE, "CRITICAL": 1}, NONE, NONE, NONE, NONE, NONE, {**NONE, "HIGH": 2, "UNKNOWN": 1}),
        packages=4,
        top=(
            PackageFigure(
                target=0, name="apk-tools", versions=("2.10.4-r2",), fixable=1, severities={**NONE, "CRITICAL": 1}
            ),
            PackageFigure(
                target=0, name="libcrypto1.1", versions=("1.1.1d-r2",), fixable=1, severities={**NONE, "HIGH": 1}
            ),
            PackageFigure(
                target=0, name="libssl1.1", versions=("1.1.1d-r2",), fixable=1, severities={**NONE, "HIGH": 1}
            ),
            PackageFigure(target=0, name="requests", versions=("2.0",), fixable=0, severities={**NONE, "UNKNOWN": 1}),
        ),
    )


def test_a_package_is_one_in_each_target_however_many_folders_hold_it() -> None:
    newer = replace(SSL, installed_version="1.1.1e-r0", pkg_path="other/place")
    report = a_report(SSL, newer)
    report = replace(report, results=(*report.results, Result(target="other", vulnerabilities=(SSL,))))
    figures = figures_of(report, STARTED)
    assert [(each.target, each.name, each.versions) for each in figures.top] == [
        (0, "libcrypto1.1", ("1.1.1d-r2", "1.1.1e-r0")),
        (1, "libcrypto1.1", ("1.1.1d-r2",)),
    ]


def test_the_ten_worst_packages_are_told_and_all_are_counted() -> None:
    findings = [replace(SSL, pkg_name=f"p{number:02}") for number in range(12)]
    figures = figures_of(a_report(*findings, replace(APK_TOOLS, pkg_name="z")), STARTED)
    assert figures.packages == 13
    assert [each.name for each in figures.top] == ["z", *(f"p{number:02}" for number in range(9))]


@pytest.mark.parametrize(
    ("fixed", "status", "state"),
    [
        pytest.param("1.2", "affected", "available", id="a fixed version counts whatever the status"),
        pytest.param("", "will_not_fix", "will_not_fix", id="the publisher's status"),
        pytest.param("", "fixed", "fixed", id="fixed, but in which version is not stated"),
        pytest.param("", "", "unknown", id="no status"),
        pytest.param("", "available", "unknown", id="a status that looks like our own word"),
        pytest.param("", "<b>", "unknown", id="a status nobody knows"),
    ],
)
def test_the_state_of_a_finding(fixed: str, status: str, state: str) -> None:
    assert state_of(Finding(fixed_version=fixed, status=status)) == state


@pytest.mark.parametrize(
    ("published", "label"),
    [
        ("2026-08-15T00:00:00Z", "up to 30 days"),
        ("2026-07-16T09:59:59Z", "up to 30 days"),
        ("2026-07-15T09:59:58Z", "up to 90 days"),
        ("2025-09-01T00:00:00Z", "up to 1 year"),
        ("2024-09-01T00:00:00Z", "up to 2 years"),
        ("2022-01-01T00:00:00Z", "up to 5 years"),
        ("2011-01-01T00:00:00Z", "more than 5 years"),
        ("2027-01-01T00:00:00Z", "up to 30 days"),
        ("", "date not known"),
        ("0001-01-01T00:00:00Z", "date not known"),
        ("yesterday", "date not known"),
    ],
)
def test_ages_end_with_the_scan(published: str, label: str) -> None:
    assert AGE_LABELS[age_of(published, STARTED)] == label


def test_without_a_time_of_the_scan_no_age_is_known() -> None:
    assert AGE_LABELS[age_of("2022-01-01T00:00:00Z", "")] == "date not known"


NVD = Cvss(v2_score=6.4, v3_score=9.1)
GHSA = Cvss(v3_score=7, v40_score=8.7)
OTHER = Cvss(v2_score=5)


@pytest.mark.parametrize(
    ("source", "cvss", "score"),
    [
        pytest.param("ghsa", {"nvd": NVD, "ghsa": GHSA}, 8.7, id="the source of the severity, newest CVSS first"),
        pytest.param("debian", {"ghsa": GHSA, "nvd": NVD}, 9.1, id="NVD where that source has none"),
        pytest.param("", {"redhat": OTHER, "ghsa": GHSA}, 8.7, id="then GitHub"),
        pytest.param("", {"redhat": OTHER}, 5.0, id="then anybody"),
        pytest.param("nvd", {"nvd": Cvss(v3_vector="x")}, 0.0, id="a vector without a score is none"),
        pytest.param("nvd", {}, 0.0, id="nobody"),
    ],
)
def test_the_score_of_a_finding(source: str, cvss: dict[str, Cvss], score: float) -> None:
    assert score_of(Finding(severity_source=source, cvss=cvss)) == score


def test_worst_first_then_what_can_be_fixed_then_the_score() -> None:
    worse = replace(SSL, vulnerability_id="worse", cvss={"nvd": Cvss(v3_score=8)})
    stuck = replace(worse, vulnerability_id="stuck", fixed_version="", cvss={"nvd": Cvss(v3_score=8.9)})
    ordered = sorted([UNFIXED, stuck, SSL, worse, APK_TOOLS], key=finding_order)
    assert [each.vulnerability_id for each in ordered] == [
        "CVE-2021-36159",
        "worse",
        "CVE-2020-1967",
        "stuck",
        "CVE-2022-1",
    ]
