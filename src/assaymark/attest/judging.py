"""Verified attestations of one image before a policy: which of them count, and what the policy says of those.

1. What a trusted time contradicts is refused whatever was asked (`assaymark.attest.policy.times`).
2. The newest of each signer counts (`assaymark.attest.newest`); with `every` all do.
3. Each one that counts must satisfy every rule. Several signers are several voices: the newest of each must.

Without a policy nobody is asked to be the newest: one valid attestation proves that it was made, as with cosign.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import msgspec

from assaymark.attest.newest import Dated, Superseded, find_newest
from assaymark.attest.outcome import Outcome, Rejected
from assaymark.attest.policy.facts import RECORD_TYPES, read_facts, read_times
from assaymark.attest.policy.judge import judge
from assaymark.attest.policy.rules import Policy
from assaymark.attest.policy.subject import Subject
from assaymark.attest.policy.times import SCAN_TIME
from assaymark.attest.policy.violation import Verdict, Violation, gravest
from assaymark.attest.predicate import PredicateType
from assaymark.attest.reasons import Reason
from assaymark.attest.statement import Statement
from assaymark.errors import VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest

if TYPE_CHECKING:
    from assaymark.attest.policy.programs import Ask

ONLY_WORD: Final = "which of them is newer rests on the signer's word: not all have a trusted time"


class Attestation(Protocol):
    """What is judged: `assaymark.attest.verify.Verified`, or an attestation that was proven against a trusted root."""

    @property
    def statement(self) -> Statement: ...  # noqa: D102 - as those types say
    @property
    def payload(self) -> bytes: ...  # noqa: D102
    @property
    def manifest(self) -> Digest: ...  # noqa: D102
    @property
    def times(self) -> tuple[datetime, ...]: ...  # noqa: D102
    @property
    def signed_by(self) -> str: ...  # noqa: D102
    @property
    def subject_checked(self) -> bool: ...  # noqa: D102


Item = TypeVar("Item", bound=Attestation)
Whole = TypeVar("Whole", bound=Outcome[Any])


class Judge(msgspec.Struct, frozen=True, kw_only=True):
    """A policy, and what it takes to apply it.

    Attributes:
        policy: the rules; one that asks for nothing passes everything but what a trusted time contradicts.
        wanted: the type that was asked for.
        now: what ages are counted until.
        ask: puts an input before CUE and Rego.
        every: whether superseded attestations count, too.
    """

    policy: Policy
    wanted: PredicateType
    now: datetime
    ask: Ask | None = None
    every: bool = False
    limits: Limits = DEFAULT_LIMITS


class Judged(msgspec.Struct, Generic[Item], frozen=True, kw_only=True, eq=False):
    """One attestation that counts, and what the policy says of it."""

    item: Item
    verdict: Verdict


class Judgement(msgspec.Struct, Generic[Item], frozen=True, kw_only=True, eq=False):
    """What became of all attestations of an image.

    Attributes:
        judged: those that count, in the order in which they were found.
        superseded: those that do not, because a newer one of the same signer does.
        asked: whether there was a policy.
    """

    judged: tuple[Judged[Item], ...]
    superseded: tuple[Superseded[Item], ...] = ()
    asked: bool = False

    @property
    def violations(self) -> tuple[tuple[Item, Violation], ...]:
        """Every broken rule, with the attestation that breaks it."""
        return tuple((each.item, violation) for each in self.judged for violation in each.verdict.violations)

    @property
    def rests_on_word(self) -> bool:
        """Whether only the signer says which of several attestations is newer."""
        return any(each.by_word for each in self.superseded)

    def failure(self) -> VerificationError | None:
        """Why the image does not satisfy the policy; the gravest reason first."""
        return failure_of([violation for _, violation in self.violations])


def judge_attestations(items: Iterable[Item], judge_: Judge) -> Judgement[Item]:
    """Steps 1 to 3.

    Raises:
        UsageError, LocalError, LimitError: a program cannot judge.
    """
    every = [_date(item, judge_) for item in items]
    standing = find_newest(every)
    counting = every if judge_.every or not judge_.policy else standing.newest
    return Judgement(
        asked=bool(judge_.policy),
        judged=tuple(Judged(item=each.item.item, verdict=_verdict(each.item, judge_)) for each in counting),
        superseded=()
        if judge_.every
        else tuple(
            Superseded(old=_bare(each.old), by=_bare(each.by), by_word=each.by_word) for each in standing.superseded
        ),
    )


def judge_outcome(outcome: Whole, judge_: Judge) -> tuple[Whole, Judgement[Any]]:
    """What was verified of an image, and what the policy says of it; what a trusted time contradicts proves nothing.

    Raises:
        VerificationError: nothing is left.
        UsageError, LocalError, LimitError: a program cannot judge.
    """
    judgement: Judgement[Any] = judge_attestations(outcome.verified, judge_)
    if judge_.policy:
        return outcome, judgement
    refused = {place: _rejected(each) for place, each in enumerate(judgement.judged) if each.verdict.violations}
    if not refused:
        return outcome, judgement
    left = outcome.refusing(refused)
    left.require()
    supported = tuple(each for each in judgement.judged if not each.verdict.violations)
    return left, msgspec.structs.replace(judgement, judged=supported)


def failure_of(violations: list[Violation]) -> VerificationError | None:
    """The error for broken rules; None where none is broken."""
    if not violations:
        return None
    first = gravest(violations)
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    asked = "" if first.rule == SCAN_TIME else "the policy is not satisfied: "
    return VerificationError(f"{asked}{first.message}{more}", reason=first.reason.value)


class _Read(msgspec.Struct, Generic[Item], frozen=True, kw_only=True, eq=False):
    """An attestation with its facts; `problem` where its record cannot be read in one way."""

    item: Item
    subject: Subject
    problem: Verdict = Verdict()


def _date(item: Item, judge_: Judge) -> Dated[_Read[Item]]:
    read = _read(item, judge_) if judge_.policy else _glance(item)
    about = () if item.subject_checked else item.statement.subjects
    return Dated(
        item=read,
        group=(item.signed_by, item.statement.predicate_type, about),
        trusted=read.subject.trusted,
        claimed=read.subject.facts.finished if read.subject.facts is not None else None,
    )


def _rejected(judged: Judged[Any]) -> Rejected:
    (violation, *_) = judged.verdict.violations
    item = judged.item
    return Rejected(
        reason=violation.reason,
        message=violation.message,
        manifest=item.manifest,
        format=item.format,
        predicate_type=item.statement.predicate_type,
    )


def _glance(item: Item) -> _Read[Item]:
    """Times alone, which cost nothing: a record's findings are megabytes."""
    trusted = item.times[0] if item.times else None
    kind = item.statement.predicate_type
    facts = read_times(item.statement.predicate) if kind in RECORD_TYPES else None
    return _Read(item=item, subject=Subject(predicate_type=kind, facts=facts, trusted=trusted))


def _read(item: Item, judge_: Judge) -> _Read[Item]:
    trusted = item.times[0] if item.times else None
    kind = item.statement.predicate_type
    if kind not in RECORD_TYPES:
        return _Read(item=item, subject=Subject(predicate_type=kind, trusted=trusted))
    try:
        facts = read_facts(item.statement.predicate, kind, limits=judge_.limits)
    except VerificationError as exc:
        violation = Violation(reason=Reason(exc.reason), rule="record", message=str(exc))
        subject = Subject(predicate_type=kind, trusted=trusted)
        return _Read(item=item, subject=subject, problem=Verdict(violations=(violation,)))
    return _Read(item=item, subject=Subject(predicate_type=kind, facts=facts, trusted=trusted))


def _verdict(read: _Read[Item], judge_: Judge) -> Verdict:
    verdict = judge(judge_.policy, read.subject, now=judge_.now)
    if not judge_.policy:
        return verdict
    return verdict + read.problem + _asked(read, judge_)


def _asked(read: _Read[Item], judge_: Judge) -> Verdict:
    if judge_.ask is None or read.problem.violations:
        return Verdict()
    from assaymark.attest.policy.programs import policy_input

    try:
        document = policy_input(read.item.payload, read.item.statement, judge_.wanted)
    except ValueError as exc:
        violation = Violation(reason=Reason.PREDICATE_MALFORMED, rule="record", message=str(exc))
        return Verdict(violations=(violation,))
    return Verdict(violations=judge_.ask(document))


def _bare(dated: Dated[_Read[Item]]) -> Dated[Item]:
    return Dated(item=dated.item.item, group=dated.group, trusted=dated.trusted, claimed=dated.claimed)
