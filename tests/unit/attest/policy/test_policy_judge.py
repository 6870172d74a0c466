"""Rules over the facts of one record: each with what passes, what fails, and what is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from tests.support.policies import NOW, SCANNED, ago, finding, record

from assaymark.attest.policy.facts import read_facts
from assaymark.attest.policy.judge import judge, judge_platforms
from assaymark.attest.policy.rules import (
    Age,
    Allowance,
    Denial,
    Policy,
    SeverityLimit,
    join_policies,
    parse_age,
    parse_identifier,
    parse_level,
)
from assaymark.attest.policy.subject import Subject
from assaymark.attest.policy.violation import Verdict, Violation, gravest
from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.reasons import Reason
from assaymark.model.platform import parse_platform

DAY = parse_age("1d")
TWO_DAYS = parse_age("2d")


def subject(trusted: datetime | None = SCANNED, **parts: Any) -> Subject:
    facts = read_facts(msgspec.json.encode(record(**{"complete": True, **parts})))
    return Subject(predicate_type=VULN_TYPE, facts=facts, trusted=trusted)


def verdict(policy: Policy, **parts: Any) -> Verdict:
    return judge(policy, subject(**parts), now=NOW)


def reasons(policy: Policy, **parts: Any) -> list[str]:
    return [violation.reason.value for violation in verdict(policy, **parts).violations]


def limit(highest: str, **parts: Any) -> Policy:
    return Policy(severities=(SeverityLimit(highest=highest, **parts),))


class TestSeverity:
    @pytest.mark.parametrize(
        ("highest", "severity", "passes"),
        [
            ("NONE", "LOW", False),
            ("LOW", "LOW", True),
            ("LOW", "MEDIUM", False),
            ("MEDIUM", "MEDIUM", True),
            ("HIGH", "CRITICAL", False),
            ("CRITICAL", "CRITICAL", True),
            ("HIGH", "UNKNOWN", False),
            ("CRITICAL", "UNKNOWN", True),
            ("HIGH", "NEGLIGIBLE", False),
        ],
    )
    def test_the_worst_that_is_tolerated(self, highest: str, severity: str, passes: bool) -> None:
        assert reasons(limit(highest), findings=[finding(severity=severity)]) == ([] if passes else ["POLICY_SEVERITY"])

    def test_no_finding_passes_every_limit(self) -> None:
        assert verdict(limit("NONE"), findings=[]) == Verdict()

    def test_what_is_told(self) -> None:
        (violation,) = verdict(limit("LOW"), findings=[finding(fixed="2")]).violations
        assert violation == Violation(
            reason=Reason.POLICY_SEVERITY,
            rule="max-severity",
            message="`CVE-2024-0001` in `openssl 1` is HIGH, fixed in `2`, and at most LOW is allowed",
            vulnerability="CVE-2024-0001",
            package="openssl 1",
            limit="LOW",
            value="HIGH",
        )

    def test_unknown_counts_as_it_is_told(self) -> None:
        findings = [finding(severity="UNKNOWN")]
        assert reasons(limit("LOW", unknown="LOW"), findings=findings) == []
        (violation,) = verdict(limit("LOW", unknown="MEDIUM"), findings=findings).violations
        assert "is UNKNOWN, which counts as MEDIUM," in violation.message

    def test_only_those_with_a_fix(self) -> None:
        findings = [finding("CVE-2024-0001"), finding("CVE-2024-0002", fixed="2")]
        told = verdict(limit("LOW", fixable_only=True), findings=findings)
        assert [violation.vulnerability for violation in told.violations] == ["CVE-2024-0002"]

    def test_the_worst_comes_first_and_each_once(self) -> None:
        findings = [finding("CVE-2024-0003", "LOW"), *[finding("CVE-2024-0002", "CRITICAL")] * 2]
        told = verdict(limit("NONE"), findings=findings)
        assert [violation.vulnerability for violation in told.violations] == ["CVE-2024-0002", "CVE-2024-0003"]

    def test_each_limit_is_judged_by_itself(self) -> None:
        both = join_policies([limit("CRITICAL"), limit("MEDIUM", fixable_only=True), limit("CRITICAL")])
        assert len(both.severities) == 2
        assert reasons(both, findings=[finding(fixed="2")]) == ["POLICY_SEVERITY"]
        assert reasons(both, findings=[finding()]) == []


class TestNamed:
    def test_a_denied_finding_whatever_it_is(self) -> None:
        policy = Policy(deny=(Denial(id="CVE-2024-0001", reason="agreed"),), allow=(Allowance(id="CVE-2024-0001"),))
        (violation,) = verdict(policy, findings=[finding("cve-2024-0001", "LOW")]).violations
        assert (violation.reason, violation.rule) == (Reason.POLICY_DENIED, "deny")
        assert violation.message == "`cve-2024-0001` in `openssl 1` is denied by `deny: CVE-2024-0001`: agreed"

    def test_a_denied_finding_by_its_other_name(self) -> None:
        found = [finding("CVE-2024-0001", "LOW", aliases=("DSA-1-1",))]
        assert reasons(Policy(deny=(Denial(id="DSA-1-1"),)), findings=found) == ["POLICY_DENIED"]

    @pytest.mark.parametrize(("package", "denied"), [("open*", True), ("log4j*", False), ("", True)])
    def test_a_denied_package(self, package: str, denied: bool) -> None:
        entry = Denial(id="" if package else "CVE-2024-0001", package=package)
        assert reasons(Policy(deny=(entry,)), findings=[finding()]) == (["POLICY_DENIED"] if denied else [])

    @pytest.mark.parametrize(
        ("entry", "reason"),
        [
            (Allowance(id="CVE-2024-0001"), []),
            (Allowance(id="CVE-2024-0001", package="open???"), []),
            (Allowance(id="CVE-2024-0001", package="zlib"), ["POLICY_SEVERITY"]),
            (Allowance(id="CVE-2024-0009"), ["POLICY_SEVERITY"]),
            (Allowance(id="CVE-2024-0001", expires=NOW.date()), []),
            (Allowance(id="CVE-2024-0001", expires=date(2026, 6, 1)), ["POLICY_SEVERITY"]),
        ],
    )
    def test_an_allowed_finding(self, entry: Allowance, reason: list[str]) -> None:
        policy = Policy(severities=(SeverityLimit(highest="NONE"),), allow=(entry,))
        assert reasons(policy, findings=[finding()]) == reason

    def test_allowances_are_told_and_those_that_are_over(self) -> None:
        entries = (
            Allowance(id="CVE-2024-0001", reason="not built", expires=date(2027, 1, 1)),
            Allowance(id="CVE-2024-0002", expires=date(2026, 1, 1)),
        )
        policy = Policy(severities=(SeverityLimit(highest="NONE"),), allow=entries)
        told = verdict(policy, findings=[finding("CVE-2024-0001"), finding("CVE-2024-0002")])
        assert told.notes == (
            "`CVE-2024-0001` in `openssl 1` is allowed until 2027-01-01: not built",
            "`CVE-2024-0002` in `openssl 1` was allowed until 2026-01-01, and is not any more",
        )


class TestFilteredRecords:
    def test_a_limit_needs_the_severities_that_it_counts(self) -> None:
        filtered = {"findings": [], "flags": {"severity": ["HIGH", "CRITICAL"]}}
        assert reasons(limit("HIGH", unknown="LOW"), **filtered) == []
        assert reasons(limit("HIGH"), **filtered) == ["POLICY_FILTERED"]
        (violation,) = verdict(limit("LOW"), **filtered).violations
        assert "no findings of severity MEDIUM, UNKNOWN" in violation.message

    def test_a_limit_needs_findings_without_a_fix(self) -> None:
        filtered = {"findings": [], "flags": {"ignore-unfixed": True}}
        assert reasons(limit("HIGH"), **filtered) == ["POLICY_FILTERED"]
        assert reasons(limit("HIGH", fixable_only=True), **filtered) == []
        assert reasons(limit("CRITICAL"), **filtered) == []

    @pytest.mark.parametrize("flags", [{"severity": ["CRITICAL"]}, {"ignore-unfixed": True}])
    def test_a_denial_needs_all(self, flags: dict[str, Any]) -> None:
        assert reasons(Policy(deny=(Denial(id="CVE-2024-0001"),)), flags=flags) == ["POLICY_FILTERED"]

    def test_other_filters_are_told(self) -> None:
        told = verdict(limit("HIGH"), flags={"skip-dirs": ["a"]}, ignoreFile="sha256:0", vex=[{}])
        assert told == Verdict(notes=("the scan was told what not to report, by an ignore file, VEX, `--skip-dirs`",))

    def test_the_sample_database_is_told_and_is_not_complete(self) -> None:
        sample = {"updatedAt": "2026-06-01T00:00:00Z", "sample": True}
        (note,) = verdict(limit("HIGH"), database=sample).notes
        assert note.startswith("the scan used the SAMPLE database")
        (violation,) = verdict(Policy(require_complete=True), database=sample).violations
        assert (violation.reason, violation.value) == (Reason.POLICY_INCOMPLETE, "sample database")


class TestRecords:
    @pytest.mark.parametrize("policy", [limit("HIGH"), Policy(deny=(Denial(id="CVE-2024-0001"),))])
    def test_findings_that_are_not_known_never_pass(self, policy: Policy) -> None:
        assert reasons(policy, result={"matches": []}) == ["POLICY_NO_RECORD"]

    @pytest.mark.parametrize(
        ("policy", "rule"),
        [
            (limit("HIGH"), "max-severity"),
            (Policy(deny=(Denial(id="CVE-2024-0001"),)), "deny"),
            (Policy(max_database_age=DAY), "max-db-age"),
            (Policy(require_complete=True), "require-complete"),
        ],
    )
    def test_what_is_no_record_never_passes(self, policy: Policy, rule: str) -> None:
        (violation,) = judge(policy, Subject(predicate_type="https://other.test"), now=NOW).violations
        assert (violation.reason, violation.rule) == (Reason.POLICY_NO_RECORD, rule)
        assert "`https://other.test` is no vulnerability record" in violation.message

    @pytest.mark.parametrize(("complete", "value"), [(True, None), (False, "incomplete"), (None, "not stated")])
    def test_completeness(self, complete: bool | None, value: str | None) -> None:
        told = verdict(Policy(require_complete=True), complete=complete)
        assert [violation.value for violation in told.violations] == ([value] if value else [])
        assert all(violation.reason is Reason.POLICY_INCOMPLETE for violation in told.violations)

    def test_an_incomplete_scan_is_told_where_findings_count(self) -> None:
        doubt = "what was not found may not have been looked at: the record"
        assert verdict(limit("HIGH"), complete=False).notes == (f"{doubt} says that it was INCOMPLETE",)
        assert verdict(limit("HIGH"), complete=None).notes == (f"{doubt} does not say that the scan was complete",)


class TestPlatforms:
    def test_each_must_be_there(self) -> None:
        wanted = [parse_platform(text) for text in ("linux/amd64", "linux/arm64", "linux/arm")]
        proven = [parse_platform(text) for text in ("linux/amd64", "linux/arm/v7")]
        (violation,) = judge_platforms(wanted, proven)
        assert (violation.reason, violation.limit) == (Reason.POLICY_PLATFORM, "linux/arm64")
        assert violation.value == "linux/amd64, linux/arm/v7"


class TestPolicies:
    def test_nothing_asked_is_nothing(self) -> None:
        assert not Policy()
        assert not Policy(allow=(Allowance(id="CVE-2024-0001"),), trust_signer_time=True)
        assert Policy(max_age=DAY)
        assert Policy(platforms=(parse_platform("linux/amd64"),))

    def test_several_add_up(self) -> None:
        one = Policy(max_age=TWO_DAYS, deny=(Denial(id="A-1"),), require_complete=True)
        other = Policy(max_age=DAY, deny=(Denial(id="A-1"), Denial(id="A-2")), max_database_age=DAY)
        assert join_policies([one, other]) == Policy(
            max_age=DAY, max_database_age=DAY, deny=(Denial(id="A-1"), Denial(id="A-2")), require_complete=True
        )
        assert join_policies([]) == Policy()

    def test_the_gravest_is_what_cannot_be_judged(self) -> None:
        found = verdict(
            Policy(severities=(SeverityLimit(highest="LOW"),), max_age=parse_age("1h")), findings=[finding()]
        ).violations
        assert gravest(found).reason is Reason.POLICY_AGE


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("36h", 129600), ("7d", 604800), ("2w", 1209600), ("1d12h", 129600)]
)
def test_ages(text: str, seconds: int) -> None:
    assert parse_age(text) == Age(seconds=seconds, text=text)


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "7 d", "0h", "7d ", "1y", "9999999999d"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(ValueError, match=r"age|no time"):
        parse_age(text)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("cve-2021-44228", "CVE-2021-44228"),
        ("GHSA-jfh8-c2jp-5v3q", "GHSA-JFH8-C2JP-5V3Q"),
        ("RHSA-2021:5132", "RHSA-2021:5132"),
        ("TEMP-0000000-F7A20F", "TEMP-0000000-F7A20F"),
    ],
)
def test_identifiers(text: str, identifier: str) -> None:
    assert parse_identifier(text) == identifier


@pytest.mark.parametrize("text", ["", "CVE", "CVE-2021", "CVE-21-44228", "CVE-2021-4422*", "log4j", "GHSA-1", "a b-c"])
def test_what_is_no_identifier(text: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        parse_identifier(text)


def test_levels() -> None:
    assert parse_level("high") == "HIGH"
    with pytest.raises(ValueError, match="one of NONE, LOW"):
        parse_level("UNKNOWN")


def test_moments_of_these_tests() -> None:
    assert ago(days=1) == SCANNED
