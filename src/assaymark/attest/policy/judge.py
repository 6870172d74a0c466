"""One verified attestation before a policy, at a time that the caller tells.

In order: the trusted time supports the record's own (`assaymark.attest.policy.times`); it is a vulnerability record, if
a rule is about those; the scan was complete, if that is demanded; ages; findings. Every rule is judged, and every
violation told. What CUE and Rego say is asked elsewhere (`assaymark.attest.policy.programs`), and platforms are a
question about an image, not about one attestation (`judge_platforms`).

A rule that cannot be answered is broken: a policy is never passed for want of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from assaymark.attest.policy.facts import Facts
from assaymark.attest.policy.findings import DENY, MAX_SEVERITY, SAMPLE, judge_findings
from assaymark.attest.policy.rules import Policy
from assaymark.attest.policy.subject import Subject
from assaymark.attest.policy.times import MAX_DATABASE_AGE, check_scan_time, judge_age, judge_database_age
from assaymark.attest.policy.violation import Verdict, Violation
from assaymark.attest.reasons import Reason
from assaymark.model.platform import Platform

REQUIRE_COMPLETE: Final = "require-complete"
REQUIRE_PLATFORMS: Final = "require-platforms"


def judge(policy: Policy, subject: Subject, *, now: datetime) -> Verdict:
    """What `policy` says of one attestation; nothing where it asks for nothing but a supported scan time."""
    verdict = Verdict(violations=check_scan_time(subject))
    if policy.max_age is not None:
        verdict += judge_age(subject, policy.max_age, trust_signer=policy.trust_signer_time, now=now)
    if not policy.judges_records:
        return verdict
    if subject.facts is None:
        text = f"`{subject.predicate_type[:200]}` is no vulnerability record, and `{_first(policy)}` is about those"
        return verdict + Verdict(
            violations=(Violation(reason=Reason.POLICY_NO_RECORD, rule=_first(policy), message=text),)
        )
    verdict += Verdict(violations=tuple(_judge_completeness(policy, subject.facts)))
    if policy.max_database_age is not None:
        aged = judge_database_age(subject.facts, policy.max_database_age, trusted=subject.trusted, now=now)
        verdict += Verdict(violations=tuple(aged))
    if policy.judges_findings:
        verdict += judge_findings(policy, subject.facts, now)
    return verdict


def judge_platforms(wanted: Iterable[Platform], proven: Iterable[Platform]) -> Iterator[Violation]:
    """A violation for each platform of `wanted` that none of `proven` is."""
    there = tuple(proven)
    for platform in wanted:
        if not any(each.satisfies(platform) for each in there):
            listed = ", ".join(map(str, there)) or "none"
            yield Violation(
                reason=Reason.POLICY_PLATFORM,
                rule=REQUIRE_PLATFORMS,
                message=f"the platform `{platform}` is required, and verified are: {listed}",
                limit=str(platform),
                value=listed,
            )


def _judge_completeness(policy: Policy, facts: Facts) -> Iterator[Violation]:
    if not policy.require_complete:
        return
    if facts.complete is None:
        yield _incomplete("the record does not say whether the scan was complete", "not stated")
    elif not facts.complete:
        yield _incomplete("the record says that the scan was incomplete", "incomplete")
    if facts.sample:
        yield _incomplete(SAMPLE, "sample database")


def _incomplete(text: str, value: str) -> Violation:
    return Violation(
        reason=Reason.POLICY_INCOMPLETE, rule=REQUIRE_COMPLETE, message=text, limit="complete", value=value
    )


def _first(policy: Policy) -> str:
    asked = {
        MAX_SEVERITY: policy.severities,
        DENY: policy.deny,
        MAX_DATABASE_AGE: policy.max_database_age,
        REQUIRE_COMPLETE: policy.require_complete,
    }
    return next(rule for rule, value in asked.items() if value)
