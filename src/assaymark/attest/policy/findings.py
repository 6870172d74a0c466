"""Rules about findings: severity limits, denied and allowed vulnerabilities.

Rules:

1. A denied finding is denied whatever its severity, whether or not it has a fix, and whoever allows it.
2. An allowed finding does not count for severity limits until the allowance's last day is over.
3. What a scan never reported cannot be judged: a limit on a record that leaves out findings which the limit would
   count, and a denial on one that leaves out any, are refused (`POLICY_FILTERED`).
4. Findings taken out by other means (`--ignorefile`, `--vex`, …) were the signer's decision: said, and not refused.

Identifiers are compared without regard to letter case; a denial also by the names that the distribution gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from assaymark.attest.policy.facts import UNKNOWN, Facts, RecordedFinding
from assaymark.attest.policy.rules import LEVELS, Allowance, Denial, Policy, SeverityLimit
from assaymark.attest.policy.violation import Verdict, Violation
from assaymark.attest.reasons import Reason

MAX_SEVERITY = "max-severity"
DENY = "deny"
_WORST_FIRST = ("CRITICAL", UNKNOWN, "HIGH", "MEDIUM", "LOW")


def judge_findings(policy: Policy, facts: Facts, now: datetime) -> Verdict:
    """Rules 1 to 4 for a record."""
    if facts.findings is None:
        rule = MAX_SEVERITY if policy.severities else DENY
        text = "the record's result is in a format that is not read here, so its findings are not known"
        return Verdict(violations=(Violation(reason=Reason.POLICY_NO_RECORD, rule=rule, message=text),))
    findings = sorted(dict.fromkeys(facts.findings), key=_order)
    living = [entry for entry in policy.allow if not _is_over(entry, now)]
    violations = [
        *_judge_filters(policy, facts),
        *(each for denial in policy.deny for each in _judge_denial(denial, findings)),
        *(each for limit in policy.severities for each in _judge_limit(limit, findings, living)),
    ]
    return Verdict(violations=tuple(violations), notes=tuple(_notes(policy, facts, findings, living)))


def _judge_denial(denial: Denial, findings: Iterable[RecordedFinding]) -> Iterator[Violation]:
    because = f": {denial.reason}" if denial.reason else ""
    for finding in findings:
        if _fits(denial, finding, aliases=True):
            named = denial.id or denial.package
            yield Violation(
                reason=Reason.POLICY_DENIED,
                rule=DENY,
                message=f"`{finding.id}` in `{finding.where}` is denied by `{DENY}: {named}`{because}",
                vulnerability=finding.id,
                package=finding.where,
                limit=named,
                value=finding.id,
            )


def _judge_limit(
    limit: SeverityLimit, findings: Iterable[RecordedFinding], allowed: Iterable[Allowance]
) -> Iterator[Violation]:
    listed = tuple(allowed)
    for finding in findings:
        if limit.fixable_only and not finding.fixed:
            continue
        level = limit.unknown if finding.severity == UNKNOWN else finding.severity
        if _rank(level) <= _rank(limit.highest) or any(_fits(entry, finding) for entry in listed):
            continue
        counted = f", which counts as {limit.unknown}" if finding.severity == UNKNOWN else ""
        fix = f", fixed in `{finding.fixed}`" if finding.fixed else ""
        yield Violation(
            reason=Reason.POLICY_SEVERITY,
            rule=MAX_SEVERITY,
            message=f"`{finding.id}` in `{finding.where}` is {finding.severity}{counted}{fix}, "
            f"and at most {limit.highest} is allowed",
            vulnerability=finding.id,
            package=finding.where,
            limit=limit.highest,
            value=finding.severity,
        )


def _judge_filters(policy: Policy, facts: Facts) -> Iterator[Violation]:
    """Rule 3."""
    for limit in policy.severities:
        missing = [level for level in _counted(limit) if facts.severities and level not in facts.severities]
        if missing:
            yield _filtered(MAX_SEVERITY, f"no findings of severity {', '.join(missing)}", limit.highest)
        if facts.fixable_only and not limit.fixable_only and _counted(limit):
            yield _filtered(MAX_SEVERITY, "only findings that have a fix", limit.highest)
    if policy.deny and facts.severities and set(facts.severities) != {*LEVELS[1:], UNKNOWN}:
        yield _filtered(DENY, f"only findings of severity {', '.join(facts.severities)}", policy.deny[0].id)
    if policy.deny and facts.fixable_only:
        yield _filtered(DENY, "only findings that have a fix", policy.deny[0].id)


def _counted(limit: SeverityLimit) -> list[str]:
    """The severities that break it."""
    above = [level for level in LEVELS[1:] if _rank(level) > _rank(limit.highest)]
    return [*above, *([UNKNOWN] if _rank(limit.unknown) > _rank(limit.highest) else [])]


def _filtered(rule: str, what: str, limit: str) -> Violation:
    text = f"the scan was asked to report {what}, so `{rule}` cannot be judged"
    return Violation(reason=Reason.POLICY_FILTERED, rule=rule, message=text, limit=limit, value=what)


def _notes(policy: Policy, facts: Facts, findings: Iterable[RecordedFinding], living: list[Allowance]) -> Iterator[str]:
    if facts.filters:
        yield f"the scan was told what not to report, by {', '.join(facts.filters)}"
    if facts.complete is not True:
        said = "does not say that the scan was complete" if facts.complete is None else "says that it was INCOMPLETE"
        yield f"what was not found may not have been looked at: the record {said}"
    over = [entry for entry in policy.allow if entry not in living]
    for finding in findings:
        for entry in policy.allow:
            if _fits(entry, finding):
                yield _allowed(entry, finding, over=entry in over)


def _allowed(entry: Allowance, finding: RecordedFinding, *, over: bool) -> str:
    about = f"`{finding.id}` in `{finding.where}`"
    because = f": {entry.reason}" if entry.reason else ""
    if over:
        return f"{about} was allowed until {entry.expires}, and is not any more{because}"
    return f"{about} is allowed{f' until {entry.expires}' if entry.expires else ''}{because}"


def _fits(entry: Denial | Allowance, finding: RecordedFinding, *, aliases: bool = False) -> bool:
    names = (finding.id, *(finding.aliases if aliases else ()))
    is_named = not entry.id or entry.id in {name.upper() for name in names}
    return is_named and (not entry.package or fnmatchcase(finding.package, entry.package))


def _is_over(entry: Allowance, now: datetime) -> bool:
    return entry.expires is not None and now.astimezone(UTC).date() > entry.expires


def _rank(level: str) -> int:
    return LEVELS.index(level)


def _order(finding: RecordedFinding) -> tuple[int, str, str]:
    return _WORST_FIRST.index(finding.severity), finding.id, finding.where
