"""Ages, and whether the trusted time supports what a record says of its scan.

A log's or an authority's time proves that a signature existed then: it was made at that time or before it. So

1. a scan cannot have ended after the trusted time (`TOLERANCE` is for clocks that differ): such a record is wrong
   whatever was asked, `SCAN_TIME_NOT_SUPPORTED`;
2. age is measured on the trusted time, never on what the record claims: `POLICY_AGE`;
3. the trusted time does not prove that the scan is as young as the signature: anybody with the key, and with a key's
   signature even anybody without it, can have an old one stamped or logged today. So where the trusted time is young
   enough and the record itself says that its scan is too old, or does not say, the trusted time supports nothing:
   `SCAN_TIME_NOT_SUPPORTED`. A record that was signed late passes as long as its scan is young enough, too;
4. without trusted time age rests on the signer's word. That is refused (`POLICY_AGE_UNPROVEN`) unless the policy says
   that the word is enough, and then it is said.

The age of the database is counted until now as well, so that it bounds how old the knowledge behind a verdict is, and
is always the signer's word. A database from after the scan, or from the future, is impossible:
`SCAN_TIME_NOT_SUPPORTED`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from assaymark.attest.policy.facts import Facts
from assaymark.attest.policy.rules import Age
from assaymark.attest.policy.subject import Subject
from assaymark.attest.policy.violation import Verdict, Violation
from assaymark.attest.reasons import Reason

TOLERANCE: Final = timedelta(minutes=5)
"""How far the clocks of the scanning machine and of a log may be apart."""

MAX_AGE: Final = "max-age"
MAX_DATABASE_AGE: Final = "max-db-age"
SCAN_TIME: Final = "scan-time"
SIGNERS_WORD: Final = "how old it is rests on the signer's word: no log and no timestamp authority saw it"


def check_scan_time(subject: Subject) -> tuple[Violation, ...]:
    """Rule 1, which holds without any policy."""
    facts, trusted = subject.facts, subject.trusted
    if facts is None or trusted is None or facts.finished is None or not _is_after(facts.finished, trusted):
        return ()
    text = (
        f"the record says that its scan ended at {_spelled(facts.finished)}, "
        f"and it was signed at {_spelled(trusted)} at the latest"
    )
    return (_unsupported(SCAN_TIME, text, limit=_spelled(trusted), value=_spelled(facts.finished)),)


def judge_age(subject: Subject, limit: Age, *, trust_signer: bool, now: datetime) -> Verdict:
    """Rules 2 to 4."""
    finished = subject.facts.finished if subject.facts is not None else None
    if subject.trusted is None:
        return _judge_word(finished, limit, trust_signer=trust_signer, now=now)
    if _is_older(subject.trusted, limit, now):
        text = f"it was signed {_ago(subject.trusted, now)} ago by trusted time, and at most {limit.text} is allowed"
        return _broken(Reason.POLICY_AGE, text, limit, _ago(subject.trusted, now))
    if subject.facts is None:
        return Verdict()
    if finished is None:
        text = f"it was signed {_ago(subject.trusted, now)} ago, and the record does not say when it was scanned"
        return Verdict(violations=(_unsupported(MAX_AGE, text, limit=limit.text, value="not stated"),))
    if _is_older(finished, limit, now):
        text = (
            f"it was signed {_ago(subject.trusted, now)} ago by trusted time, which does not make its scan younger: "
            f"the record itself says that it ended {_ago(finished, now)} ago, and at most {limit.text} is allowed"
        )
        return Verdict(violations=(_unsupported(MAX_AGE, text, limit=limit.text, value=_ago(finished, now)),))
    return Verdict()


def judge_database_age(facts: Facts, limit: Age, *, trusted: datetime | None, now: datetime) -> Iterator[Violation]:
    """How old the database is by now; `trusted` stands for the end of a scan that does not say when it was."""
    moment, scanned = facts.database_time, facts.finished or trusted
    if moment is None:
        text = "the record does not say how old its database was"
        yield Violation(
            reason=Reason.POLICY_DB_AGE, rule=MAX_DATABASE_AGE, message=text, limit=limit.text, value="not stated"
        )
    elif _is_after(moment, now):
        text = f"the record names a database of {_spelled(moment)}, which has not come yet"
        yield _unsupported(MAX_DATABASE_AGE, text, limit=_spelled(now), value=_spelled(moment))
    elif scanned is not None and _is_after(moment, scanned):
        text = f"the record names a database of {_spelled(moment)}, after its scan ended at {_spelled(scanned)}"
        yield _unsupported(MAX_DATABASE_AGE, text, limit=_spelled(scanned), value=_spelled(moment))
    elif _is_older(moment, limit, now):
        text = f"the database is {_ago(moment, now)} old, and at most {limit.text} is allowed"
        yield Violation(
            reason=Reason.POLICY_DB_AGE, rule=MAX_DATABASE_AGE, message=text, limit=limit.text, value=_ago(moment, now)
        )


def _judge_word(finished: datetime | None, limit: Age, *, trust_signer: bool, now: datetime) -> Verdict:
    """Rule 4."""
    if not trust_signer:
        text = f"{SIGNERS_WORD}; `--trust-signer-time` takes it"
        return _broken(Reason.POLICY_AGE_UNPROVEN, text, limit, "no trusted time")
    if finished is None:
        text = "there is no trusted time, and the statement does not say when it was made"
        return _broken(Reason.POLICY_AGE_UNPROVEN, text, limit, "not stated")
    if _is_after(finished, now):
        text = f"the record says that its scan ended at {_spelled(finished)}, which has not come yet"
        return Verdict(violations=(_unsupported(MAX_AGE, text, limit=_spelled(now), value=_spelled(finished)),))
    if _is_older(finished, limit, now):
        text = f"it was scanned {_ago(finished, now)} ago by the signer's word, and at most {limit.text} is allowed"
        return _broken(Reason.POLICY_AGE, text, limit, _ago(finished, now))
    return Verdict(notes=(SIGNERS_WORD,))


def _broken(reason: Reason, text: str, limit: Age, value: str) -> Verdict:
    return Verdict(violations=(Violation(reason=reason, rule=MAX_AGE, message=text, limit=limit.text, value=value),))


def _unsupported(rule: str, text: str, *, limit: str, value: str) -> Violation:
    return Violation(reason=Reason.SCAN_TIME_NOT_SUPPORTED, rule=rule, message=text, limit=limit, value=value)


def _is_after(moment: datetime, other: datetime) -> bool:
    """Later than clocks may differ; nothing is added to `other`, which may be the last second that there is."""
    return moment - other > TOLERANCE


def _is_older(moment: datetime, limit: Age, now: datetime) -> bool:
    return (now - moment).total_seconds() > limit.seconds


def _ago(moment: datetime, now: datetime) -> str:
    """`3d 4h`, `25m 10s`: the two largest units."""
    rest, parts = max(int((now - moment).total_seconds()), 0), []
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def _spelled(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
