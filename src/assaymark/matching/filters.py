"""Filters: which findings stay in the report, and in which order they stand.

For each result, in this order:

1. Severities that were not asked for are dropped.
2. Statuses that are to be ignored are dropped. Neither of the two leaves a trace.
3. What the ignore file names is moved to the modified findings, with its statement.
4. Of findings that agree in vulnerability, package, version and path, the greatest fixed version stays.
5. What the findings policy ignores is moved, with the rule's reason; then what the policy in Rego ignores, which is
   asked once about all results.
6. What is left is sorted by package, version, falling severity and vulnerability.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.matching.ignorefile import IgnoreFile
from assaymark.matching.policy.rules import FindingsPolicy
from assaymark.model.advisory import DatabaseInfo, Severity, Status
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.report import Result

if TYPE_CHECKING:  # it starts programs, and few scans need it
    from assaymark.matching.policy.rego import RegoPolicy

ALL_SEVERITIES: Final = frozenset(severity.name for severity in Severity)
_RANK: Final = {severity.name: -severity for severity in Severity}
UNFIXED: Final = frozenset(status.text for status in Status if status is not Status.FIXED)


class FilterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to leave out.

    Attributes:
        severities: names of those that stay.
        ignored_statuses: names of those that go.
        ignore_file, findings_policy, ignore_policy: None where there is none.
    """

    severities: frozenset[str] = ALL_SEVERITIES
    ignored_statuses: frozenset[str] = frozenset()
    ignore_file: IgnoreFile | None = None
    findings_policy: FindingsPolicy | None = None
    ignore_policy: RegoPolicy | None = None

    @property
    def ignore_digest(self) -> str:
        """The digest of the ignore file; empty where there is none."""
        return self.ignore_file.digest if self.ignore_file else ""

    @property
    def policy_digests(self) -> dict[str, str]:
        """The digests of the policies, by their names in a record."""
        policies = {"findingsPolicy": self.findings_policy, "ignorePolicy": self.ignore_policy}
        return {name: policy.digest for name, policy in policies.items() if policy is not None}


_NO_DATABASE: Final = DatabaseInfo()


def filter_results(
    results: Iterable[Result], options: FilterOptions, *, database: DatabaseInfo = _NO_DATABASE
) -> tuple[Result, ...]:
    """The results with the findings that stay, sorted, and those that were taken out with a reason.

    Args:
        results: all of one report.
        options: what to leave out.
        database: who knew of the findings; policies ask for its age.

    Raises:
        UsageError: the policy in Rego cannot be evaluated.
        LocalError: there is no `opa`, or it took too long.
    """
    filtered = [_filtered(result, options, database) for result in results]
    if options.ignore_policy is not None:
        filtered = _asked(filtered, options.ignore_policy)
    return tuple(
        msgspec.structs.replace(result, vulnerabilities=tuple(sorted(result.vulnerabilities, key=_report_order)))
        for result in filtered
    )


def _filtered(result: Result, options: FilterOptions, database: DatabaseInfo) -> Result:
    """Everything that a result needs no other for."""
    kept: dict[tuple[str, ...], Finding] = {}
    modified = list(result.modified_findings)
    for finding in result.vulnerabilities:
        if finding.severity not in options.severities or finding.status in options.ignored_statuses:
            continue
        ignored = _ignored(finding, result.target, options.ignore_file)
        if ignored:
            modified.append(ignored)
            continue
        same = kept.get(key := _identity(finding))
        if same is None or same.fixed_version < finding.fixed_version:
            kept[key] = finding
    policy = options.findings_policy
    if policy is None:
        return _parted(result, kept.values(), [None] * len(kept), modified)
    reasons = [policy.ignored(finding, result.target, database) for finding in kept.values()]
    return _parted(result, kept.values(), reasons, modified)


def _asked(results: Sequence[Result], policy: RegoPolicy) -> list[Result]:
    findings = [finding for result in results for finding in result.vulnerabilities]
    reasons = iter(policy.ignored(findings) if findings else ())
    return [
        _parted(
            result, result.vulnerabilities, list(islice(reasons, len(result.vulnerabilities))), result.modified_findings
        )
        for result in results
    ]


def _parted(
    result: Result,
    findings: Iterable[Finding],
    reasons: Iterable[ModifiedFinding | None],
    modified: Iterable[ModifiedFinding],
) -> Result:
    """The result with the findings that have no reason to go; those that have follow what was modified before."""
    judged = list(zip(findings, reasons, strict=True))
    return msgspec.structs.replace(
        result,
        vulnerabilities=tuple(finding for finding, reason in judged if reason is None),
        modified_findings=(*modified, *(reason for _, reason in judged if reason is not None)),
    )


def _ignored(finding: Finding, target: str, ignore_file: IgnoreFile | None) -> ModifiedFinding | None:
    if ignore_file is None:
        return None
    entry = ignore_file.find(
        finding.vulnerability_id, paths=(target, finding.pkg_path), purl=finding.pkg_identifier.purl
    )
    if entry is None:
        return None
    return ModifiedFinding(
        type="vulnerability",
        status="ignored",
        statement=entry.statement,
        source=ignore_file.path,
        finding=finding,
    )


def _identity(finding: Finding) -> tuple[str, ...]:
    return (
        finding.vulnerability_id,
        finding.pkg_id,
        finding.pkg_name,
        finding.installed_version,
        finding.pkg_path,
    )


def _report_order(finding: Finding) -> tuple[str, str, str, int, str, str]:
    return (
        finding.pkg_name,
        finding.pkg_id,
        finding.installed_version,
        _RANK.get(finding.severity, 0),
        finding.vulnerability_id,
        finding.pkg_path,
    )
