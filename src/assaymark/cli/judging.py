"""What was proven of images, before the policy of flags and files; and how its answers are told.

Without a policy every valid attestation is printed, as with cosign, and stderr names those that a newer one of the same
signer supersedes. With one, those that count are judged and printed, and every broken rule is told on stderr and in
`policy` of the JSON.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from assaymark.attest.judging import ONLY_WORD, Attestation, Judge, Judgement, judge_outcome
from assaymark.attest.policy.times import SIGNERS_WORD
from assaymark.attest.policy.violation import Violation
from assaymark.attest.predicate import find_predicate_type
from assaymark.cli.identity_flags import names_signer
from assaymark.cli.verification_policy import ask_programs, policy_from
from assaymark.report.plain import shown

if TYPE_CHECKING:
    from assaymark.attest.newest import Dated, Superseded
    from assaymark.attest.proving import Proof
    from assaymark.attest.sigstore.attestations import ProvenAttestation
    from assaymark.attest.verify import Verified
    from assaymark.cli.console import Console

    Item = Verified | ProvenAttestation

SATISFIED: Final = "the policy is satisfied"
_TOLD: Final = 30
Each = TypeVar("Each", bound=Attestation)


def judge_from(args: Namespace, console: Console, *, now: datetime) -> Judge | None:
    """Who judges, as flags and files say it; None where nobody is named who must have signed: nothing is proven then.

    Raises:
        UsageError: flags contradict each other, or a file is no policy.
        LocalError: a file cannot be read, or a program is not on PATH.
    """
    policy = policy_from(args, console)
    if not names_signer(args):
        return None
    return Judge(
        policy=policy,
        wanted=find_predicate_type(args.type),
        now=now,
        ask=ask_programs(policy, args, console),
        every=args.all,
    )


def judge_proof(proof: Proof, judge: Judge) -> Proof:
    """The proof with what the policy says of it; what a trusted time contradicts proves nothing.

    Raises:
        VerificationError: nothing is left.
        UsageError, LocalError, LimitError: a program cannot judge.
    """
    verification, judgement = judge_outcome(proof.verification, judge)
    return proof._replace(verification=verification, judgement=judgement)


def tell_superseded(console: Console, judgement: Judgement[Item] | None, name: str) -> None:
    """On stderr: which attestations do not count, and why."""
    if judgement is None or not judgement.superseded:
        return
    console.note(f"superseded, of {name}:")
    for each in judgement.superseded:
        console.note(f"  - {_described(each.old)} by {_described(each.by)}")
    if judgement.rests_on_word:
        console.note(f"  - {ONLY_WORD}")


def tell_violations(console: Console, violations: Sequence[tuple[str, Violation]]) -> None:
    """Every broken rule on stderr, with what breaks it; nothing where the error has said it already."""
    if len(violations) < 2:
        return
    for name, violation in violations[:_TOLD]:
        console.err(f"  - [{violation.reason.value}] {shown(violation.message)}{f' ({shown(name)})' if name else ''}")
    if len(violations) > _TOLD:
        console.err(f"  and {len(violations) - _TOLD} more, which `--report json` lists")


def named_violations(judgement: Judgement[Each]) -> list[tuple[str, Violation]]:
    """Broken rules, each with the attestation's manifest where there are several."""
    several = len(judgement.judged) > 1
    return [(item.manifest if several else "", violation) for item, violation in judgement.violations]


def violation_json(violation: Violation, manifest: str = "") -> dict[str, Any]:
    """One entry of `policy`."""
    return {
        "reason": violation.reason.value,
        "rule": violation.rule,
        "vulnerability": violation.vulnerability,
        "package": violation.package,
        "limit": violation.limit,
        "value": violation.value,
        "message": violation.message,
        "manifest": manifest,
    }


def judgement_json(judgement: Judgement[Item] | None) -> dict[str, Any]:
    """`policy` and `superseded` of an image."""
    if judgement is None:
        return {"policy": [], "superseded": []}
    return {
        "policy": [violation_json(violation, item.manifest) for item, violation in judgement.violations],
        "superseded": [_superseded_json(each) for each in judgement.superseded],
    }


def age_note(item: Each, judgement: Judgement[Each] | None) -> tuple[str, ...]:
    """That the age of a record is the signer's word, where nothing else tells the time and nobody has said so yet."""
    if item.times or SIGNERS_WORD in notes_of(item, judgement):
        return ()
    return (SIGNERS_WORD,)


def notes_of(item: Each, judgement: Judgement[Each] | None) -> tuple[str, ...]:
    """What the policy says of one attestation besides."""
    if judgement is None:
        return ()
    return next((each.verdict.notes for each in judgement.judged if each.item is item), ())


def _described(dated: Dated[Item]) -> str:
    times = [
        f"signed {_time(dated.trusted)}" if dated.trusted else "",
        f"scanned {_time(dated.claimed)}" if dated.claimed else "",
    ]
    told = ", ".join(filter(None, times))
    return f"{dated.item.manifest}{f' ({told})' if told else ''}"


def _superseded_json(each: Superseded[Item]) -> dict[str, Any]:
    old = each.old
    return {
        "manifest": old.item.manifest,
        "format": old.item.format.value,
        "predicateType": old.item.statement.predicate_type,
        "trustedTime": _time(old.trusted) if old.trusted else None,
        "scanFinishedOn": _time(old.claimed) if old.claimed else None,
        "by": each.by.item.manifest,
        "bySignersWord": each.by_word,
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
