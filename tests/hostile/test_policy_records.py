"""Records that somebody made to get past a policy, to stop it, or to speak through it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import msgspec
import pytest
from tests.support.policies import NOW, SCANNED, finding, record

from assaymark.attest.policy.facts import read_facts
from assaymark.attest.policy.judge import judge
from assaymark.attest.policy.rules import Allowance, Denial, Policy, SeverityLimit, parse_age
from assaymark.attest.policy.subject import Subject
from assaymark.attest.policy.violation import Verdict
from assaymark.attest.policy.written import parse_policy
from assaymark.attest.predicate import VULN_TYPE
from assaymark.errors import UsageError, VerificationError

LIMIT = Policy(severities=(SeverityLimit(highest="LOW"),))


def judged(document: Any, policy: Policy = LIMIT) -> Verdict:
    facts = read_facts(document if isinstance(document, bytes) else msgspec.json.encode(document))
    return judge(policy, Subject(predicate_type=VULN_TYPE, facts=facts, trusted=SCANNED), now=NOW)


def with_result(result: Any) -> dict[str, Any]:
    return record(result=result)


HIDDEN: dict[str, Any] = {
    "in a list in a list": {"SchemaVersion": 2, "Results": [[{"Vulnerabilities": [finding()]}]]},
    "under a key in another letter case": {"SchemaVersion": 2, "Results": [{"VULNERABILITIES": [finding()]}]},
    "under a key with the Kelvin sign": {"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"P\u212agName": "x"}]}]},
    "in an object in place of a list": {"SchemaVersion": 2, "Results": {"0": {"Vulnerabilities": [finding()]}}},
    "behind another version": {"SchemaVersion": 1, "Results": [{"Vulnerabilities": [finding()]}]},
    "behind a version that is a text": {"SchemaVersion": "2", "Results": []},
    "in a text": '{"SchemaVersion":2}',
}


@pytest.mark.parametrize("result", HIDDEN.values(), ids=HIDDEN.keys())
def test_findings_that_are_hidden_are_no_absence_of_findings(result: Any) -> None:
    assert [violation.reason.value for violation in judged(with_result(result)).violations] == ["POLICY_NO_RECORD"]


@pytest.mark.parametrize("severity", ["LOW ", "NONE", "", "Low\u0000", 1, None, ["LOW"]])
def test_a_severity_that_is_no_word_counts_as_unknown(severity: Any) -> None:
    listed = [finding() | {"Severity": severity}]
    (violation,) = judged(with_result({"SchemaVersion": 2, "Results": [{"Vulnerabilities": listed}]})).violations
    assert violation.value == "UNKNOWN"


def test_a_severity_in_another_letter_case_is_that_severity() -> None:
    policy = Policy(severities=(SeverityLimit(highest="LOW", unknown="LOW"),))
    listed = [finding() | {"Severity": "Critical"}]
    (violation,) = judged(
        with_result({"SchemaVersion": 2, "Results": [{"Vulnerabilities": listed}]}), policy
    ).violations
    assert violation.value == "CRITICAL"


def suppressed(entry: Any) -> dict[str, Any]:
    return with_result({"SchemaVersion": 2, "Results": [{"ExperimentalModifiedFindings": [entry]}]})


def test_a_denied_finding_is_denied_where_a_filter_took_it_out() -> None:
    document = suppressed({"Type": "vulnerability", "Status": "ignored", "Finding": finding(aliases=["DSA-1"])})
    for name in ("CVE-2024-0001", "DSA-1"):
        assert [each.reason.value for each in judged(document, Policy(deny=(Denial(id=name),))).violations] == [
            "POLICY_DENIED"
        ]
    told = judged(document)
    assert told.violations == ()
    assert "findings that the record shows as taken out: 1 (CVE-2024-0001)" in told.notes


@pytest.mark.parametrize(
    "entry", [[], {"finding": finding()}, {"Finding": [finding()]}], ids=["a list", "another letter case", "in a list"]
)
def test_what_a_filter_took_out_is_read_in_one_way(entry: Any) -> None:
    assert [violation.reason.value for violation in judged(suppressed(entry)).violations] == ["POLICY_NO_RECORD"]


FILTERS: dict[str, Any] = {
    "severities as a text": {"severity": "CRITICAL, low"},
    "severities in small letters": {"severity": ["critical"]},
    "a switch as a text": {"ignore-unfixed": "true"},
    "a switch as a number": {"ignore-unfixed": 1},
}


@pytest.mark.parametrize("flags", FILTERS.values(), ids=FILTERS.keys())
def test_filters_are_seen_however_they_are_spelled(flags: Any) -> None:
    assert {violation.reason.value for violation in judged(record(flags=flags)).violations} == {"POLICY_FILTERED"}


@pytest.mark.parametrize("said", [1, "true", [True], None], ids=["a number", "a text", "a list", "null"])
def test_only_true_is_complete(said: Any) -> None:
    told = judged(record(coverage={"complete": said}), Policy(require_complete=True))
    assert [violation.value for violation in told.violations] == ["not stated"]


ABSURD: dict[str, tuple[str, str, list[str]]] = {
    "a scan in the last second": ("9999-12-31T23:59:59Z", "2026-06-01T00:00:00Z", ["scan-time"]),
    "a database in the last second": ("2026-06-01T12:00:00Z", "9999-12-31T23:59:59Z", ["max-db-age"]),
    "both": ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", ["scan-time", "max-db-age"]),
    "a leap second, which nobody can read": ("2026-06-01T11:59:60Z", "2026-06-01T00:00:00Z", []),
}


@pytest.mark.parametrize(("finished", "database", "rules"), ABSURD.values(), ids=ABSURD.keys())
@pytest.mark.parametrize("trusted", [SCANNED, None], ids=["trusted time", "none"])
def test_absurd_times(finished: str, database: str, rules: list[str], trusted: datetime | None) -> None:
    document = record(database={"updatedAt": database})
    document["metadata"]["scanFinishedOn"] = finished
    policy = Policy(max_database_age=parse_age("7d"))
    subject = Subject(predicate_type=VULN_TYPE, facts=read_facts(msgspec.json.encode(document)), trusted=trusted)
    told = judge(policy, subject, now=NOW).violations
    assert [each.rule for each in told] == [rule for rule in rules if trusted or rule != "scan-time"]
    assert {each.reason.value for each in told} <= {"SCAN_TIME_NOT_SUPPORTED"}


@pytest.mark.parametrize(
    "document",
    [
        b'{"scanner":{"result":null},"scanner":{"result":{"SchemaVersion":2}}}',
        b'{"scanner":{"result":{"SchemaVersion":2,"Results":[{"Vulnerabilities":[],"Vulnerabilities":[{}]}]}}}',
        b'{"SCANNER":{}}',
        b'{"scanner":' + b"[" * 600 + b"]" * 600 + b"}",
        b"\xef\xbb\xbf{}",
    ],
    ids=["a part twice", "a list twice", "another letter case", "too deep", "a byte order mark"],
)
def test_what_two_readers_would_read_differently_is_refused(document: bytes) -> None:
    with pytest.raises(VerificationError):
        judged(document)


def test_names_are_shortened_in_sentences() -> None:
    told = judged(record([finding("CVE-2024-0001" + "1" * 100_000, package="p" * 100_000)]))
    assert len(told.violations[0].message) < 1_000


def test_many_findings_and_many_exceptions() -> None:
    found = [finding(f"CVE-2024-{number:06}", package=f"p{number % 100}") for number in range(20_000)]
    allow = tuple(Allowance(id=f"CVE-2024-{number:06}", package="p*") for number in range(10_000))
    deny = tuple(Denial(id=f"CVE-2025-{number:06}") for number in range(10_000))
    document = msgspec.json.encode(record(found))
    policy = Policy(severities=LIMIT.severities, allow=allow, deny=deny)
    before = time.process_time()
    assert len(judged(document, policy).violations) == 10_000
    assert time.process_time() - before < 10


def test_a_pattern_of_stars_ends() -> None:
    policy = Policy(deny=(Denial(package="*a" * 40 + "b"),))
    assert judged(record([finding(package="a" * 5_000)]), policy).violations == ()


def test_a_policy_that_grows_when_it_is_read() -> None:
    anchors = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(UsageError, match="nodes when its aliases are expanded"):
        parse_policy(f"a0: &a0 [x]\n{anchors}".encode(), "p.yaml")
