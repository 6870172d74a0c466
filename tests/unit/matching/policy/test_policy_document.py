"""The findings policy as a file, and what cannot be in one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assaymark.errors import UsageError
from assaymark.limits import Limits
from assaymark.matching.policy.document import parse_findings_policy
from assaymark.matching.policy.rules import Action, Conditions, FindingsPolicy, Rule
from assaymark.model.digest import sha256_digest
from assaymark.model.purl import parse_purl
from assaymark.safeio.doublestar import compile_pattern

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WHOLE = b"""\
rules:
  - ignore:
      ids: [CVE-2019-14697, cve-2020-*]
      packages: musl
      purls: [pkg:apk/alpine/musl]
      paths: [lib/**]
      targets: ["app:1 (alpine*)"]
    reason: only i386 has this code
    expires: 2027-01-31
  - deny:
      severities: critical
      statuses: Fixed
      fixable: true
      score_at_least: 9
      score_below: 10.0
      age_at_least: 36h
      age_below: 2w
      database_age_at_least: 1d
    reason: >
      critical ones
      are repaired
"""


def parse(data: bytes, **limits: int) -> FindingsPolicy:
    return parse_findings_policy(data, path="./policy.yaml", now=NOW, limits=Limits(**limits))


def test_everything_that_a_policy_can_say() -> None:
    assert parse(WHOLE) == FindingsPolicy(
        path="policy.yaml",
        digest=sha256_digest(WHOLE),
        now=NOW,
        rules=(
            Rule(
                action=Action.IGNORE,
                line=2,
                reason="only i386 has this code",
                expires=datetime(2027, 1, 31, tzinfo=UTC),
                conditions=Conditions(
                    ids=frozenset({"CVE-2019-14697"}),
                    id_patterns=(compile_pattern("CVE-2019-14697"), compile_pattern("CVE-2020-*")),
                    packages=(compile_pattern("musl"),),
                    purls=(parse_purl("pkg:apk/alpine/musl"),),
                    paths=(compile_pattern("lib/**"),),
                    targets=(compile_pattern("app:1 (alpine*)"),),
                ),
            ),
            Rule(
                action=Action.DENY,
                line=10,
                reason="critical ones are repaired",
                conditions=Conditions(
                    severities=frozenset({"CRITICAL"}),
                    statuses=frozenset({"fixed"}),
                    fixable=True,
                    score_at_least=9,
                    score_below=10,
                    age_at_least=timedelta(hours=36),
                    age_below=timedelta(weeks=2),
                    database_age_at_least=timedelta(days=1),
                ),
            ),
        ),
    )


def one(conditions: str, action: str = "ignore", rest: str = "reason: r") -> str:
    return f"rules:\n  - {action}:\n      {conditions}\n    {rest}\n"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "line 1, column 1: the policy is empty", "`rules:` and a list of `ignore:` and `deny:`"),
        ("{}", "line 1, column 1: the policy is empty", "`rules:` and a list of `ignore:` and `deny:`"),
        ("rules:", "line 1, column 7: the policy has no rules", "leave `--findings-policy` out to decide nothing"),
        ("rules: []", "line 1, column 8: the policy has no rules", "leave `--findings-policy` out to decide nothing"),
        ("rule: []", "line 1, column 1: unknown key `rule`", "did you mean `rules`?"),
        ("- ignore", "line 1, column 1: expected `key: value` pairs", ""),
        ("rules: x", "line 1, column 8: expected a list", "write `- ` before each item"),
        ("rules:\n  - reason: r", "line 2, column 5: a rule has either `ignore` or `deny`", ""),
        (one("ids: a", rest="deny: {ids: b}"), "line 2, column 5: a rule has either `ignore` or `deny`", ""),
        (
            one("ids: a", rest="reason: ' '"),
            "line 4, column 13: a rule needs a `reason`",
            "who reads the report asks for it",
        ),
        (
            "rules:\n  - ignore: {ids: a}",
            "line 2, column 5: a rule needs a `reason`",
            "who reads the report asks for it",
        ),
        (
            one("ids: a", rest="reasons: r"),
            "line 4, column 5: unknown key `reasons` in `rules`",
            "did you mean `reason`?",
        ),
        (one("id: a"), "line 3, column 7: unknown key `id` in `ignore`", "did you mean `ids`?"),
        (
            one("severity: LOW", "deny"),
            "line 3, column 7: unknown key `severity` in `deny`",
            "did you mean `severities`?",
        ),
        (
            "rules:\n  - ignore:\n    reason: r",
            "line 2, column 12: a rule without a condition would fit everything",
            '`ids: "*"` says so',
        ),
        (one("ids: []"), "line 3, column 12: the list is empty", "leave the condition out"),
        (one("ids: ''"), "line 3, column 12: the value is empty", ""),
        (one("ids: [a, {b: c}]"), "line 3, column 16: expected a plain value", ""),
        (one("packages: '['"), "line 3, column 17: ", ""),
        (one("purls: musl"), "line 3, column 14: `musl` is not a package URL", ""),
        (one("severities: [LOW, HIHG]"), "line 3, column 25: unknown value `HIHG`", "did you mean `HIGH`?"),
        (
            one("severities: worst"),
            "line 3, column 19: unknown value `worst`",
            "UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL",
        ),
        (one("statuses: wont_fix"), "line 3, column 17: unknown value `wont_fix`", "did you mean `will_not_fix`?"),
        (one("fixable: yes"), "line 3, column 16: `yes` is neither `true` nor `false`", ""),
        (one("score_at_least: 11"), "line 3, column 23: `11` is no score from 0 to 10", ""),
        (one("score_below: high"), "line 3, column 20: `high` is no score from 0 to 10", ""),
        (one("age_below: 14"), "line 3, column 18: `14` is no age: hours, days or weeks", ""),
        (one("ids: a", rest="reason: r\n    expires: soon"), "line 5, column 14: `soon` is not a date", ""),
        (one("ids: a\n      ids: b"), "line 4, column 7: the key `ids` is there twice", ""),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_with_its_place(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text.encode())

    assert str(caught.value).startswith(f"`./policy.yaml`, {message}")
    assert caught.value.hint == hint


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(UsageError, match=r"`./policy.yaml` is not YAML"):
        parse(b"rules: [")


def test_there_is_a_bound_on_rules() -> None:
    with pytest.raises(UsageError, match="more than 1 rules"):
        parse(WHOLE, policy_rules=1)


def test_the_example_of_the_docs_is_a_policy() -> None:
    page = (Path(__file__).parents[4] / "docs" / "filters.md").read_text(encoding="utf-8")

    [example] = re.findall(r"```yaml\n(rules:\n.*?)```", page, re.DOTALL)

    assert [rule.action for rule in parse(example.encode()).rules] == [Action.IGNORE] * 2 + [Action.DENY] * 2
