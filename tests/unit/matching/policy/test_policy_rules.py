"""What rules decide about findings."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from assaymark.matching.filters import FilterOptions, filter_results
from assaymark.matching.policy.document import parse_findings_policy
from assaymark.matching.policy.rules import Denial, FindingsPolicy
from assaymark.model.advisory import Cvss, DatabaseInfo
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.package import PackageIdentifier
from assaymark.model.report import Result

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DATABASE = DatabaseInfo(updated_at="2026-11-14T00:00:00.123456789Z")
LEFT = Finding(
    vulnerability_id="CVE-2026-1",
    vendor_ids=("GHSA-aaaa-bbbb-cccc",),
    pkg_name="@scope/left",
    pkg_path="app/node_modules/left/package.json",
    pkg_identifier=PackageIdentifier(purl="pkg:npm/%40scope/left@1.0.0"),
    installed_version="1.0.0",
    fixed_version="1.0.1",
    status="fixed",
    severity="HIGH",
    cvss={"nvd": Cvss(v2_score=10, v3_score=7.5), "ghsa": Cvss(v40_score=8.2)},
    published_date="2026-11-01T00:00:00Z",
)
MUSL = Finding(
    vulnerability_id="CVE-2019-14697", pkg_name="musl", severity="CRITICAL", status="affected", installed_version="1"
)
TARGET = "app/package-lock.json"


def policy(text: str) -> FindingsPolicy:
    return parse_findings_policy(text.encode(), path="policy.yaml", now=NOW)


def rule(action: str, conditions: str) -> FindingsPolicy:
    return policy(f"rules:\n  - {action}: {{{conditions}}}\n    reason: because\n")


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        pytest.param("ids: CVE-2026-1", True, id="the name"),
        pytest.param("ids: [cve-2026-1, CVE-1]", True, id="the name in another letter case, among others"),
        pytest.param("ids: CVE-2026-10", False, id="another name"),
        pytest.param("ids: ghsa-AAAA-bbbb-cccc", True, id="the vendor's name"),
        pytest.param("ids: CVE-2026-*", True, id="a pattern of names"),
        pytest.param("ids: [CVE-2025-*, CVE-2026-1]", True, id="a name beside a pattern that does not fit"),
        pytest.param("ids: CVE-2025-*", False, id="a pattern of other names"),
        pytest.param("packages: '@scope/*'", True, id="a pattern of packages"),
        pytest.param("packages: left", False, id="half of a package's name"),
        pytest.param("packages: '*'", False, id="a star stops at a slash"),
        pytest.param("packages: '**'", True, id="two stars are everything"),
        pytest.param("purls: pkg:npm/%40scope/left", True, id="a package URL without a version"),
        pytest.param("purls: pkg:npm/%40scope/left@1.0.1", False, id="a package URL of another version"),
        pytest.param("paths: 'app/**/package.json'", True, id="the package's path"),
        pytest.param(f"paths: {TARGET}", True, id="the lockfile's path"),
        pytest.param("paths: lib/**", False, id="another path"),
        pytest.param(f"targets: {TARGET}", True, id="the target"),
        pytest.param("targets: app/node_modules/**", False, id="the package's path is no target"),
        pytest.param("severities: [high, CRITICAL]", True, id="one of the severities"),
        pytest.param("severities: LOW", False, id="another severity"),
        pytest.param("statuses: fixed", True, id="the status"),
        pytest.param("statuses: [will_not_fix, affected]", False, id="other statuses"),
        pytest.param("fixable: true", True, id="what has a fix"),
        pytest.param("fixable: false", False, id="what has none"),
        pytest.param("score_at_least: 8.2", True, id="the highest score of versions 3 and 4"),
        pytest.param("score_at_least: 8.3", False, id="the score of version 2 does not count beside those"),
        pytest.param("score_below: 8.2", False, id="below a score is not that score"),
        pytest.param("score_at_least: 7, score_below: 9", True, id="between two scores"),
        pytest.param("age_at_least: 20d", True, id="exactly as old"),
        pytest.param("age_at_least: 481h", False, id="not yet that old"),
        pytest.param("age_below: 3w", True, id="younger"),
        pytest.param("age_below: 20d", False, id="below an age is not that age"),
        pytest.param("database_age_at_least: 6d", True, id="the database is older"),
        pytest.param("database_age_at_least: 7d", False, id="the database is not that old"),
        pytest.param("ids: CVE-2026-1, severities: LOW", False, id="every condition must hold"),
        pytest.param(f"ids: CVE-2026-1, packages: '@scope/left', targets: {TARGET}", True, id="several that do"),
    ],
)
def test_conditions(conditions: str, fits: bool) -> None:
    ignored = rule("ignore", conditions).ignored(LEFT, TARGET, DATABASE)

    expected = ModifiedFinding(
        type="vulnerability", status="ignored", statement="because", source="policy.yaml:2", finding=LEFT
    )
    assert ignored == (expected if fits else None)


@pytest.mark.parametrize(
    "conditions",
    [
        "score_at_least: 0",
        "score_below: 10",
        "age_at_least: 0h",
        "age_below: 99999w",
        "paths: '**/*'",
        "purls: pkg:apk/alpine/musl",
    ],
)
@pytest.mark.parametrize("action", ["ignore", "deny"])
def test_what_is_not_known_fits_no_condition(action: str, conditions: str) -> None:
    judged = rule(action, conditions)
    unplaced = Result(target="", vulnerabilities=(MUSL,))

    assert judged.ignored(MUSL, "", DATABASE) is None
    assert list(judged.denials([unplaced], DATABASE)) == []


def test_version_2_counts_where_there_is_no_other_score() -> None:
    old = msgspec.structs.replace(MUSL, cvss={"nvd": Cvss(v2_score=7.5)})

    assert rule("ignore", "score_at_least: 7.5").ignored(old, "", DATABASE)


def test_a_database_of_unknown_age_denies_and_does_not_ignore() -> None:
    condition = "ids: CVE-2019-14697, database_age_at_least: 1h"
    result = Result(target="t", vulnerabilities=(MUSL,))

    assert rule("ignore", condition).ignored(MUSL, "t", DatabaseInfo()) is None
    denying = rule("deny", condition)
    assert list(denying.denials([result], DatabaseInfo())) == [Denial(rule=denying.rules[0], finding=MUSL, target="t")]


def test_an_old_database_is_denied_where_nothing_is_found() -> None:
    denying = rule("deny", "database_age_at_least: 3d")
    result = Result(target="t", vulnerabilities=(MUSL,))

    assert list(denying.denials([result], DATABASE)) == [Denial(rule=denying.rules[0])]
    assert list(denying.denials([], DATABASE)) == [Denial(rule=denying.rules[0])]
    assert list(denying.denials([], DatabaseInfo(updated_at="2026-11-20T00:00:00Z"))) == []


ORDERED = """
rules:
  - deny: {ids: CVE-2026-1}
    reason: this one never
  - ignore: {severities: [HIGH, CRITICAL], fixable: true}
    reason: later
  - ignore: {ids: CVE-2019-14697, packages: busybox}
    reason: another package
  - deny: {severities: CRITICAL}
    reason: critical
"""


def test_the_first_rule_that_fits_decides() -> None:
    judged = policy(ORDERED)
    other = msgspec.structs.replace(LEFT, vulnerability_id="CVE-2026-2", vendor_ids=())
    found = (LEFT, MUSL, other)
    options = FilterOptions(findings_policy=judged)

    [kept] = filter_results([Result(target="t", vulnerabilities=found)], options, database=DATABASE)

    assert kept.vulnerabilities == (LEFT, MUSL)
    assert [(each.statement, each.source, each.finding) for each in kept.modified_findings] == [
        ("later", "policy.yaml:5", other)
    ]
    assert list(judged.denials([kept], DATABASE)) == [
        Denial(rule=judged.rules[0], finding=LEFT, target="t"),
        Denial(rule=judged.rules[3], finding=MUSL, target="t"),
    ]


def test_expired_rules_do_not_count() -> None:
    judged = policy(
        "rules:\n"
        "  - ignore: {ids: CVE-2019-14697}\n    reason: was\n    expires: 2026-11-20\n"
        "  - ignore: {ids: CVE-2026-1}\n    reason: is\n    expires: 2026-11-22\n"
    )

    assert judged.ignored(MUSL, "t", DATABASE) is None
    assert judged.ignored(LEFT, "t", DATABASE)
    assert ([each.line for each in judged.rules], [each.line for each in judged.expired]) == ([5], [2])


def test_many_rules_about_names_are_not_tried_one_by_one() -> None:
    lines = "".join(f"  - ignore: {{ids: CVE-1-{number}}}\n    reason: r\n" for number in range(5_000))
    judged = policy(f"rules:\n{lines}")
    findings = tuple(msgspec.structs.replace(MUSL, vulnerability_id=f"CVE-1-{number}") for number in range(10_000))

    [kept] = filter_results(
        [Result(target="t", vulnerabilities=findings)], FilterOptions(findings_policy=judged), database=DATABASE
    )

    assert (len(kept.vulnerabilities), len(kept.modified_findings)) == (5_000, 5_000)
