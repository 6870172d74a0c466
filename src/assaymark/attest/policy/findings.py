"""Rules about findings: severity limits, denied and allowed vulnerabilities.

Rules:

1. A denied finding is denied whatever its severity, whether or not it has a fix, and whoever allows it. It is denied,
   too, where the record shows that a filter took it out.
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
from typing import Final, Generic, TypeVar

from assaymark.attest.policy.facts import UNKNOWN, Facts, RecordedFinding
from assaymark.attest.policy.rules import LEVELS, Allowance, Denial, Policy, SeverityLimit
from assaymark.attest.policy.violation import Verdict, Violation
from assaymark.attest.reasons import Reason

MAX_SEVERITY: Final = "max-severity"
DENY: Final = "deny"
SAMPLE: Final = "the scan used the SAMPLE database, which knows a few hundred advisories"
_SHOWN: Final = 200
_NAMED: Final = 5
Entry = TypeVar("Entry", Denial, Allowance)
_WORST_FIRST: Final = ("CRITICAL", UNKNOWN, "HIGH", "MEDIUM", "LOW")


def judge_findings(policy: Policy, facts: Facts, now: datetime) -> Verdict:
    """Rules 1 to 4 for a record."""
    if facts.findings is None:
        rule = MAX_SEVERITY if policy.severities else DENY
        text = "the record's result is in a format that is not read here, so its findings are not known"
        return Verdict(violations=(Violation(reason=Reason.POLICY_NO_RECORD, rule=rule, message=text),))
    findings = sorted(dict.fromkeys(facts.findings), key=_order)
    denied, allowed = _Entries(policy.deny), _Entries(policy.allow)
    violations = [
        *_judge_filters(policy, facts),
        *(
            _denied(entry, finding)
            for finding in (*findings, *dict.fromkeys(facts.suppressed))
            for entry in denied.about(finding, *finding.aliases)
        ),
        *(each for limit in policy.severities for each in _judge_limit(limit, findings, allowed, now)),
    ]
    return Verdict(violations=tuple(violations), notes=(*_doubts(facts), *_told_allowances(findings, allowed, now)))


class _Entries(Generic[Entry]):
    """A list of denials or allowances, found by the vulnerability: both lists may be long."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._named: dict[str, list[Entry]] = {}
        for entry in entries:
            self._named.setdefault(entry.id, []).append(entry)

    def about(self, finding: RecordedFinding, *aliases: str) -> Iterator[Entry]:
        """Those that are about a finding, by its identifier or by another name."""
        for name in dict.fromkeys(("", finding.id.upper(), *(alias.upper() for alias in aliases))):
            for entry in self._named.get(name, ()):
                if not entry.package or fnmatchcase(finding.package, entry.package):
                    yield entry


def _denied(denial: Denial, finding: RecordedFinding) -> Violation:
    named = denial.id or denial.package
    because = f": {denial.reason}" if denial.reason else ""
    return Violation(
        reason=Reason.POLICY_DENIED,
        rule=DENY,
        message=f"{_about(finding)} is denied by `{DENY}: {named}`{because}",
        vulnerability=finding.id,
        package=finding.where,
        limit=named,
        value=finding.id,
    )


def _judge_limit(
    limit: SeverityLimit, findings: Iterable[RecordedFinding], allowed: _Entries[Allowance], now: datetime
) -> Iterator[Violation]:
    for finding in findings:
        if limit.fixable_only and not finding.fixed:
            continue
        level = limit.unknown if finding.severity == UNKNOWN else finding.severity
        if _rank(level) <= _rank(limit.highest):
            continue
        if any(not _is_over(entry, now) for entry in allowed.about(finding)):
            continue
        counted = f", which counts as {limit.unknown}" if finding.severity == UNKNOWN else ""
        fix = f", fixed in `{finding.fixed[:_SHOWN]}`" if finding.fixed else ""
        yield Violation(
            reason=Reason.POLICY_SEVERITY,
            rule=MAX_SEVERITY,
            message=f"{_about(finding)} is {finding.severity}{counted}{fix}, and at most {limit.highest} is allowed",
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
    if not policy.deny:
        return
    named = policy.deny[0].id or policy.deny[0].package
    if facts.severities and not set(facts.severities) >= {*LEVELS[1:], UNKNOWN}:
        yield _filtered(DENY, f"only findings of severity {', '.join(facts.severities)}"[:_SHOWN], named)
    if facts.fixable_only:
        yield _filtered(DENY, "only findings that have a fix", named)


def _counted(limit: SeverityLimit) -> list[str]:
    """The severities that break it."""
    above = [level for level in LEVELS[1:] if _rank(level) > _rank(limit.highest)]
    return [*above, *([UNKNOWN] if _rank(limit.unknown) > _rank(limit.highest) else [])]


def _filtered(rule: str, what: str, limit: str) -> Violation:
    text = f"the scan was asked to report {what}, so `{rule}` cannot be judged"
    return Violation(reason=Reason.POLICY_FILTERED, rule=rule, message=text, limit=limit, value=what)


def _doubts(facts: Facts) -> Iterator[str]:
    """Rule 4, and what nobody looked at."""
    if facts.filters:
        yield f"the scan was told what not to report, by {', '.join(facts.filters)}"
    if facts.suppressed:
        named = ", ".join(dict.fromkeys(each.id[:_SHOWN] for each in facts.suppressed[:_NAMED]))
        yield f"findings that the record shows as taken out: {len(facts.suppressed)} ({named})"
    if facts.sample:
        yield SAMPLE
    if facts.complete is not True:
        said = "does not say that the scan was complete" if facts.complete is None else "says that it was INCOMPLETE"
        yield f"what was not found may not have been looked at: the record {said}"


def _told_allowances(findings: Iterable[RecordedFinding], allowed: _Entries[Allowance], now: datetime) -> Iterator[str]:
    for finding in findings:
        for entry in allowed.about(finding):
            because = f": {entry.reason}" if entry.reason else ""
            if _is_over(entry, now):
                yield f"{_about(finding)} was allowed until {entry.expires}, and is not any more{because}"
            else:
                until = f" until {entry.expires}" if entry.expires else ""
                yield f"{_about(finding)} is allowed{until}{because}"


def _about(finding: RecordedFinding) -> str:
    platform = f" of `{finding.platform[:_SHOWN]}`" if finding.platform else ""
    return f"`{finding.id[:_SHOWN]}` in `{finding.where[:_SHOWN]}`{platform}"


def _is_over(entry: Allowance, now: datetime) -> bool:
    return entry.expires is not None and now.astimezone(UTC).date() > entry.expires


def _rank(level: str) -> int:
    return LEVELS.index(level)


def _order(finding: RecordedFinding) -> tuple[int, str, str]:
    return _WORST_FIRST.index(finding.severity), finding.id, finding.where
