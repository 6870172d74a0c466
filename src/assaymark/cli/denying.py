"""What the findings policy denies: told on stderr, because it is why the command fails, whatever `--quiet` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assaymark.report.plain import shown

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.policy.rules import Denial, FindingsPolicy
    from assaymark.model.report import Scan

_TOLD: Final = 20


def is_denied(scan: Scan, policy: FindingsPolicy | None, console: Console) -> bool:
    """Whether the policy denies something of a scan that all filters have been applied to; what, is told."""
    denials = list(policy.denials(scan.report.results, scan.database)) if policy else []
    if not policy or not denials:
        return False
    for denial in denials[:_TOLD]:
        console.err(f"denied by `{shown(policy.path)}`, line {denial.rule.line}: {shown(_words(denial, scan))}")
    if len(denials) > _TOLD:
        console.err(f"denied by `{shown(policy.path)}`: {len(denials) - _TOLD} more")
    return True


def _words(denial: Denial, scan: Scan) -> str:
    finding = denial.finding
    if finding is None:
        built = scan.database.updated_at
        age = f"the database was built on {built[:10]}" if built else "nobody knows when the database was built"
        return f"{age} ({denial.rule.reason})"
    package = f"{finding.pkg_name} {finding.installed_version}".strip()
    return f"{finding.severity} {finding.vulnerability_id} in {package}, {denial.target} ({denial.rule.reason})"
