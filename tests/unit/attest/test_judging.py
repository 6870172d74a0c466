"""Verified attestations before a policy: which count, what is refused whatever is asked, and what cannot be judged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from tests.support.forgery import bundle_document, candidate, expectation, key, sealed, statement
from tests.support.policies import NOW, finding, record

from assaymark.attest.judging import Judge, judge_attestations
from assaymark.attest.keys.private import PrivateKey
from assaymark.attest.policy.facts import INTOTO_TYPE
from assaymark.attest.policy.rules import Policy, SeverityLimit
from assaymark.attest.policy.violation import Violation
from assaymark.attest.predicate import VULN_TYPE, find_predicate_type
from assaymark.attest.reasons import Reason
from assaymark.attest.verify import Verified, verify_candidate

LIMIT = Policy(severities=(SeverityLimit(highest="LOW"),))
OTHER = {"name": "b", "digest": {"sha256": "00" * 32}}


def verified(
    predicate: Any, *, signer: PrivateKey | None = None, image: bool = True, kind: str = VULN_TYPE, **changes: Any
) -> Verified:
    payload = msgspec.json.encode(statement(predicate=predicate, predicateType=kind, **changes))
    document = bundle_document(sealed(payload, signer=signer), signer=signer)
    wanted = expectation(kind, signer=signer)
    if not image:
        wanted = msgspec.structs.replace(wanted, image=None)
    outcome = verify_candidate(candidate(document), wanted)
    assert isinstance(outcome, Verified), outcome
    return outcome


def judge(policy: Policy = LIMIT, **parts: Any) -> Judge:
    return Judge(**{"policy": policy, "wanted": find_predicate_type("vuln"), "now": NOW, **parts})


def reasons(items: list[Verified], judge_: Judge) -> list[str]:
    return [violation.reason.value for _, violation in judge_attestations(items, judge_).violations]


def test_a_record_that_can_be_read_in_two_ways_is_refused() -> None:
    item = verified({"Scanner": {"result": None}})
    assert reasons([item], judge()) == ["POLICY_NO_RECORD", "PREDICATE_MALFORMED"]
    assert reasons([item], judge(Policy())) == []


def test_in_totos_predicate_is_a_record_too() -> None:
    entry = {"id": "CVE-2024-0001", "severity": [{"method": "nvd", "score": "high"}]}
    times = {"scanFinishedOn": "2026-06-01T00:00:00Z"}
    items = [
        verified({"scanner": {"result": [entry]}, "metadata": times}, kind=INTOTO_TYPE),
        verified({"scanner": {"result": []}, "metadata": {"scanFinishedOn": "2026-06-02T00:00:00Z"}}, kind=INTOTO_TYPE),
    ]
    assert reasons(items[:1], judge()) == ["POLICY_SEVERITY"]
    assert reasons(items, judge()) == []


def test_programs_are_asked_about_each_that_counts() -> None:
    asked: list[bytes] = []
    broken = Violation(reason=Reason.POLICY_CUE, rule="p.cue", message="no")

    def ask(document: bytes) -> tuple[Violation, ...]:
        asked.append(document)
        return (broken,)

    newer, older = (verified(record(finished=NOW - timedelta(hours=each))) for each in (1, 2))
    judgement = judge_attestations([older, newer], judge(ask=ask))
    assert (len(asked), judgement.violations) == (1, ((newer, broken),))
    assert [each.old.item for each in judgement.superseded] == [older]
    assert judgement.rests_on_word
    assert len(judge_attestations([older, newer], judge(ask=ask, every=True)).violations) == 2


def test_programs_see_no_record_that_is_none() -> None:
    item = verified({"scanner": {"uri": 1}})
    assert reasons([item], judge(ask=lambda _: ())) == ["POLICY_NO_RECORD", "PREDICATE_MALFORMED"]


def test_signers_and_types_do_not_supersede_each_other() -> None:
    old = record([finding()], finished=NOW - timedelta(days=2))
    items = [
        verified(old),
        verified(record(finished=NOW), signer=key("theirs")),
        verified({"bomFormat": "CycloneDX"}, kind="https://cyclonedx.org/bom"),
    ]
    assert reasons(items, judge()) == ["POLICY_SEVERITY", "POLICY_NO_RECORD"]


def test_where_subjects_are_not_compared_each_has_a_newest() -> None:
    first = verified(record([finding()], finished=NOW - timedelta(days=2)), image=False)
    second = verified(record(finished=NOW), image=False, subject=[OTHER])
    judgement = judge_attestations([first, second], judge())
    assert (len(judgement.judged), judgement.superseded) == (2, ())


def test_without_a_policy_all_count_and_the_older_are_known() -> None:
    items = [verified(record(finished=NOW - timedelta(days=each))) for each in (1, 2)]
    judgement = judge_attestations(items, judge(Policy()))
    assert [each.item for each in judgement.judged] == items
    assert (len(judgement.superseded), judgement.asked, judgement.failure()) == (1, False, None)


def test_the_failure_names_the_gravest_and_counts_the_others() -> None:
    item = verified(record([finding(), finding("CVE-2024-0002")]))
    failure = judge_attestations([item], judge()).failure()
    assert failure is not None
    assert str(failure).startswith("the policy is not satisfied: `CVE-2024-0001` in")
    assert (failure.reason, str(failure).endswith("(and 1 more)")) == ("POLICY_SEVERITY", True)
