"""Which findings stay, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assaymark.matching.filters import UNFIXED, FilterOptions, filter_results
from assaymark.matching.ignorefile import IgnoreFile, parse_ignore_file
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.report import Result


def finding(
    name: str = "CVE-1",
    *,
    severity: str = "HIGH",
    status: str = "fixed",
    fixed: str = "2",
    package: str = "a",
    path: str = "",
    version: str = "1",
) -> Finding:
    return Finding(
        vulnerability_id=name,
        pkg_name=package,
        pkg_path=path,
        installed_version=version,
        severity=severity,
        status=status,
        fixed_version=fixed,
    )


def ignoring(text: bytes) -> IgnoreFile:
    return parse_ignore_file(text, path=".trivyignore", now=datetime(2026, 1, 1, tzinfo=UTC))


def filtered(options: FilterOptions, *findings: Finding) -> tuple[tuple[Finding, ...], tuple[ModifiedFinding, ...]]:
    [result] = filter_results([Result(target="t", vulnerabilities=findings)], options)
    return result.vulnerabilities, result.modified_findings


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(FilterOptions(), ["CVE-1", "CVE-2", "CVE-3"], id="everything"),
        pytest.param(FilterOptions(severities=frozenset({"HIGH"})), ["CVE-1"], id="by severity"),
        pytest.param(FilterOptions(ignored_statuses=UNFIXED), ["CVE-1", "CVE-3"], id="what is fixed"),
        pytest.param(FilterOptions(ignored_statuses=frozenset({"fixed"})), ["CVE-2"], id="by status"),
    ],
)
def test_severity_and_status_leave_no_trace(options: FilterOptions, expected: list[str]) -> None:
    findings = (finding("CVE-1"), finding("CVE-2", severity="LOW", status="affected"), finding("CVE-3", severity="LOW"))

    kept, modified = filtered(options, *findings)

    assert ([each.vulnerability_id for each in kept], modified) == (expected, ())


def test_what_the_ignore_file_names_is_moved() -> None:
    options = FilterOptions(ignore_file=ignoring(b"CVE-1\n"))

    assert filtered(options, finding("CVE-1"), finding("CVE-2")) == (
        (finding("CVE-2"),),
        (
            ModifiedFinding(
                type="vulnerability", status="ignored", statement="", source=".trivyignore", finding=finding("CVE-1")
            ),
        ),
    )


def test_severity_comes_before_the_ignore_file() -> None:
    options = FilterOptions(severities=frozenset({"LOW"}), ignore_file=ignoring(b"CVE-1\n"))

    assert filtered(options, finding("CVE-1")) == ((), ())


def test_of_equal_findings_the_greatest_fixed_version_stays() -> None:
    findings = (finding(fixed="2"), finding(fixed="9"), finding(fixed="10"), finding(fixed="2", path="p"))

    assert filtered(FilterOptions(), *findings)[0] == (finding(fixed="9"), finding(fixed="2", path="p"))


def test_the_order_of_a_report() -> None:
    expected = (
        finding("CVE-9", package="a", version="1", severity="CRITICAL"),
        finding("CVE-1", package="a", version="1", severity="HIGH"),
        finding("CVE-10", package="a", version="1", severity="HIGH"),
        finding("CVE-2", package="a", version="1", severity="HIGH", path="x"),
        finding("CVE-2", package="a", version="1", severity="HIGH", path="y"),
        finding("CVE-0", package="a", version="1", severity="UNKNOWN"),
        finding("CVE-1", package="a", version="10"),
        finding("CVE-1", package="a", version="2"),
        finding("CVE-1", package="b", version="1"),
    )

    assert filtered(FilterOptions(), *reversed(expected))[0] == expected
