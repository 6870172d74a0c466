"""The figures of the summary: how bad, where, whether it can be fixed, and for how long it has been known.

- The state of a finding is `available` where a fixed version is known, else the status that the publisher gives it.
- The age of a finding is what lies between the publication of its vulnerability and the start of the scan. Nothing is
  counted from today, so the same scan always gives the same page.
- Packages are counted by target and name: the same library in ten folders is one thing to update.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from assaymark.model.finding import Finding
from assaymark.model.report import Report
from assaymark.report.wording import SEVERITIES, count_severities, days_between, rank

AVAILABLE: Final = "available"
"""The state of a finding that an update repairs."""

STATES: Final = {
    AVAILABLE: "fix available",
    "affected": "no fix yet",
    "fix_deferred": "fix deferred",
    "will_not_fix": "will not be fixed",
    "end_of_life": "end of life",
    "under_investigation": "under investigation",
    "fixed": "fixed, version not stated",
    "not_affected": "not affected",
    "unknown": "no fix known",
}
"""States in the order in which they are told, and how."""

AGES: Final = (
    (30, "up to 30 days"),
    (90, "up to 90 days"),
    (365, "up to 1 year"),
    (2 * 365, "up to 2 years"),
    (5 * 365, "up to 5 years"),
)
_OLDER: Final = "more than 5 years"
_UNDATED: Final = "date not known"
AGE_LABELS: Final = (*(label for _, label in AGES), _OLDER, _UNDATED)

TOP_PACKAGES: Final = 10


class PackageFigure(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one package name in one target."""

    target: int
    name: str
    versions: tuple[str, ...]
    fixable: int
    severities: dict[str, int]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the charts show.

    Attributes:
        severities: findings of each severity, worst first.
        fixable: those of them with a fixed version.
        states: findings of each state that occurs.
        ages: findings of each severity for each of `AGE_LABELS`.
        packages: how many packages have findings.
        top: the packages with the worst findings.
    """

    total: int
    severities: dict[str, int]
    fixable: dict[str, int]
    states: dict[str, int]
    ages: tuple[dict[str, int], ...]
    packages: int
    top: tuple[PackageFigure, ...]


def figures_of(report: Report, started: str) -> Figures:
    """The figures of everything that was found and not left out."""
    found = [(index, each) for index, result in enumerate(report.results) for each in result.vulnerabilities]
    findings = [finding for _, finding in found]
    states = Counter(map(state_of, findings))
    packages = _by_package(found)
    return Figures(
        total=len(findings),
        severities=count_severities(each.severity for each in findings),
        fixable=count_severities(each.severity for each in findings if each.fixed_version),
        states={state: states[state] for state in STATES if states[state]},
        ages=_ages(findings, started),
        packages=len(packages),
        top=tuple(sorted(packages, key=_worst_first)[:TOP_PACKAGES]),
    )


def state_of(finding: Finding) -> str:
    """One of `STATES`."""
    if finding.fixed_version:
        return AVAILABLE
    return finding.status if finding.status in STATES and finding.status != AVAILABLE else "unknown"


def age_of(published: str, started: str) -> int:
    """The index in `AGE_LABELS`."""
    days = days_between(published, started) if published else None
    if days is None:
        return len(AGE_LABELS) - 1
    return next((index for index, (limit, _) in enumerate(AGES) if days <= limit), len(AGES))


def _ages(findings: Sequence[Finding], started: str) -> tuple[dict[str, int], ...]:
    ages = [age_of(each.published_date, started) for each in findings]
    return tuple(
        count_severities(finding.severity for finding, age in zip(findings, ages, strict=True) if age == index)
        for index in range(len(AGE_LABELS))
    )


def _by_package(found: Sequence[tuple[int, Finding]]) -> list[PackageFigure]:
    groups: dict[tuple[int, str], list[Finding]] = {}
    for target, finding in found:
        groups.setdefault((target, finding.pkg_name), []).append(finding)
    return [
        PackageFigure(
            target=target,
            name=name,
            versions=tuple(dict.fromkeys(each.installed_version for each in members)),
            fixable=sum(1 for each in members if each.fixed_version),
            severities=count_severities(each.severity for each in members),
        )
        for (target, name), members in groups.items()
    ]


def _worst_first(package: PackageFigure) -> tuple[tuple[int, ...], str, int]:
    worst = tuple(-package.severities[name] for name in SEVERITIES)
    return worst, package.name, package.target


def finding_order(finding: Finding) -> tuple[int, bool, float, str, str, str, str]:
    """Worst first, what can be fixed before what cannot, then by score and name."""
    return (
        rank(finding.severity),
        not finding.fixed_version,
        -score_of(finding),
        finding.vulnerability_id,
        finding.pkg_name,
        finding.installed_version,
        finding.pkg_path,
    )


def score_of(finding: Finding) -> float:
    """The CVSS score of the source that gave the severity, else of NVD, else of GitHub, else of anybody; 0 for none.

    Of one source the newest version of CVSS counts.
    """
    for source in (finding.severity_source, "nvd", "ghsa", *finding.cvss):
        cvss = finding.cvss.get(source)
        score = (cvss.v40_score or cvss.v3_score or cvss.v2_score) if cvss else 0
        if score:
            return float(score)
    return 0.0
