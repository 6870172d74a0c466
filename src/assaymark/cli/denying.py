"""What the findings policy denies: in the report, so that it can be read later, and on stderr.

1. `Coverage.Denied` of the report lists it, and so does the record, whose `result` is the report.
2. stderr tells it whatever `--quiet` says, and whatever else decides about the exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.model.issue import Denied
from assaymark.report.denials import denial_words
from assaymark.report.plain import shown

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.policy.rules import Denial, FindingsPolicy
    from assaymark.model.report import Scan

_TOLD: Final = 20


def with_denials(scan: Scan, policy: FindingsPolicy | None) -> Scan:
    """Rule 1, of a scan that all filters have been applied to.

    A report without `Coverage` has no place for it; and without a policy, what a stored report says of an earlier one
    stays.
    """
    coverage = scan.report.coverage
    if policy is None or coverage is None:
        return scan
    told = msgspec.structs.replace(coverage, denied=find_denials(scan, policy))
    return msgspec.structs.replace(scan, report=msgspec.structs.replace(scan.report, coverage=told))


def find_denials(scan: Scan, policy: FindingsPolicy | None) -> tuple[Denied, ...]:
    """What the policy denies of a scan that all filters have been applied to."""
    if policy is None:
        return ()
    return tuple(_denied(each, policy, scan) for each in policy.denials(scan.report.results, scan.database))


def tell_denials(denied: tuple[Denied, ...], policy: FindingsPolicy | None, console: Console) -> None:
    """Rule 2."""
    for each in denied[:_TOLD]:
        path, _, line = each.rule.rpartition(":")
        console.err(f"denied by `{shown(path)}`, line {line}: {shown(denial_words(each))}")
    if policy is not None and len(denied) > _TOLD:
        console.err(f"denied by `{shown(policy.path)}`: {len(denied) - _TOLD} more")


def _denied(denial: Denial, policy: FindingsPolicy, scan: Scan) -> Denied:
    rule, finding = denial.rule, denial.finding
    place = f"{policy.path}:{rule.line}"
    if finding is None:
        built = scan.database.updated_at
        age = f"the database was built on {built[:10]}" if built else "nobody knows when the database was built"
        return Denied(rule=place, reason=rule.reason, about=age)
    return Denied(
        rule=place,
        reason=rule.reason,
        severity=finding.severity,
        vulnerability_id=finding.vulnerability_id,
        pkg_name=finding.pkg_name,
        installed_version=finding.installed_version,
        target=denial.target,
    )
