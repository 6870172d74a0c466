"""Ages are measured on trusted time, and a record that claims what it does not support is refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.support.policies import NOW, ago

from assaymark.attest.policy.facts import Facts
from assaymark.attest.policy.judge import judge
from assaymark.attest.policy.rules import Policy, parse_age
from assaymark.attest.policy.subject import Subject
from assaymark.attest.policy.times import SIGNERS_WORD
from assaymark.attest.policy.violation import Verdict
from assaymark.attest.predicate import VULN_TYPE

WEEK = Policy(max_age=parse_age("7d"))
TRUSTING = Policy(max_age=parse_age("7d"), trust_signer_time=True)
ANY = Policy()


def told(policy: Policy, *, trusted: datetime | None, finished: datetime | None) -> Verdict:
    facts = Facts(finished=finished)
    return judge(policy, Subject(predicate_type=VULN_TYPE, facts=facts, trusted=trusted), now=NOW)


Case = tuple[Policy, datetime | None, datetime | None, str]
CASES: dict[str, Case] = {
    "signed at once, and young": (WEEK, ago(days=1), ago(days=1), ""),
    "signed at once, and too old": (WEEK, ago(days=8), ago(days=8), "POLICY_AGE"),
    "to the second": (WEEK, ago(days=7), ago(days=7), ""),
    "signed late, and both young": (WEEK, ago(days=1), ago(days=5), ""),
    "signed today, and scanned too long ago": (WEEK, ago(hours=1), ago(days=30), "SCAN_TIME_NOT_SUPPORTED"),
    "signed today, and nobody says when it was scanned": (WEEK, ago(hours=1), None, "SCAN_TIME_NOT_SUPPORTED"),
    "both too old": (WEEK, ago(days=10), ago(days=30), "POLICY_AGE"),
    "scanned after it was signed": (WEEK, ago(days=2), ago(days=1), "SCAN_TIME_NOT_SUPPORTED"),
    "scanned after it was signed, whatever is asked": (ANY, ago(days=2), ago(days=1), "SCAN_TIME_NOT_SUPPORTED"),
    "scanned after it was signed, and the word is enough": (
        TRUSTING, ago(days=2), ago(days=1), "SCAN_TIME_NOT_SUPPORTED",
    ),
    "clocks that differ a little": (WEEK, ago(minutes=5), ago(minutes=1), ""),
    "clocks that differ too much": (ANY, ago(minutes=30), ago(minutes=20), "SCAN_TIME_NOT_SUPPORTED"),
    "no trusted time": (WEEK, None, ago(days=1), "POLICY_AGE_UNPROVEN"),
    "no trusted time, and none is asked for": (ANY, None, ago(days=1), ""),
    "the signer's word": (TRUSTING, None, ago(days=1), ""),
    "the signer's word that it is too old": (TRUSTING, None, ago(days=8), "POLICY_AGE"),
    "the signer's word about tomorrow": (TRUSTING, None, NOW + timedelta(days=1), "SCAN_TIME_NOT_SUPPORTED"),
    "not even the signer's word": (TRUSTING, None, None, "POLICY_AGE_UNPROVEN"),
    "trusted time wins over the word": (TRUSTING, ago(days=8), ago(days=8), "POLICY_AGE"),
}  # fmt: skip


@pytest.mark.parametrize(("policy", "trusted", "finished", "reason"), CASES.values(), ids=CASES.keys())
def test_the_age_of_a_scan(policy: Policy, trusted: datetime | None, finished: datetime | None, reason: str) -> None:
    violations = told(policy, trusted=trusted, finished=finished).violations
    assert sorted({violation.reason.value for violation in violations}) == ([reason] if reason else [])


def test_limit_and_value_are_named() -> None:
    (violation,) = told(WEEK, trusted=ago(days=8, hours=3), finished=ago(days=8, hours=3)).violations
    assert (violation.rule, violation.limit, violation.value) == ("max-age", "7d", "8d 3h")
    assert violation.message == "it was signed 8d 3h ago by trusted time, and at most 7d is allowed"


def test_both_times_are_named_where_they_disagree() -> None:
    (violation,) = told(ANY, trusted=ago(days=2), finished=ago(days=1)).violations
    assert (violation.rule, violation.limit, violation.value) == (
        "scan-time", "2026-05-31T12:00:00Z", "2026-06-01T12:00:00Z",
    )  # fmt: skip


def test_that_age_rests_on_a_word_is_said() -> None:
    assert told(TRUSTING, trusted=None, finished=ago(days=1)) == Verdict(notes=(SIGNERS_WORD,))


@pytest.mark.parametrize(
    ("trusted", "reason"), [(ago(days=1), ""), (ago(days=8), "POLICY_AGE"), (None, "POLICY_AGE_UNPROVEN")]
)
def test_other_statements_have_the_age_of_their_signature(trusted: datetime | None, reason: str) -> None:
    subject = Subject(predicate_type="https://cyclonedx.org/bom", trusted=trusted)
    violations = judge(WEEK, subject, now=NOW).violations
    assert [violation.reason.value for violation in violations] == ([reason] if reason else [])


DATABASES: dict[str, tuple[datetime | None, str]] = {
    "young": (ago(hours=30), ""),
    "too old by now, though not when it was used": (ago(hours=50), "POLICY_DB_AGE"),
    "not dated": (None, "POLICY_DB_AGE"),
    "newer than the scan": (ago(hours=1), "SCAN_TIME_NOT_SUPPORTED"),
}


@pytest.mark.parametrize(("moment", "reason"), DATABASES.values(), ids=DATABASES.keys())
def test_the_age_of_the_database(moment: datetime | None, reason: str) -> None:
    facts = Facts(finished=ago(hours=24), database_time=moment)
    subject = Subject(predicate_type=VULN_TYPE, facts=facts)
    violations = judge(Policy(max_database_age=parse_age("48h")), subject, now=NOW).violations
    assert [violation.reason.value for violation in violations] == ([reason] if reason else [])
    assert all(violation.rule == "max-db-age" for violation in violations)
