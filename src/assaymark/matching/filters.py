"""Filters: which findings stay in the report, and in which order they stand.

For each result, in this order:

1. Severities that were not asked for are dropped.
2. Statuses that are to be ignored are dropped. Neither of the two leaves a trace.
3. What the ignore file names is moved to the modified findings, with its statement.
4. Of findings that agree in vulnerability, package, version and path, the greatest fixed version stays.
5. What is left is sorted by package, version, falling severity and vulnerability.
"""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.matching.ignorefile import IgnoreFile
from assaymark.model.advisory import Severity, Status
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.report import Result

ALL_SEVERITIES: Final = frozenset(severity.name for severity in Severity)
_RANK: Final = {severity.name: -severity for severity in Severity}
UNFIXED: Final = frozenset(status.text for status in Status if status is not Status.FIXED)


class FilterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to leave out.

    Attributes:
        severities: names of those that stay.
        ignored_statuses: names of those that go.
        ignore_file: None where there is none.
    """

    severities: frozenset[str] = ALL_SEVERITIES
    ignored_statuses: frozenset[str] = frozenset()
    ignore_file: IgnoreFile | None = None


def filter_result(result: Result, options: FilterOptions) -> Result:
    """The result with the findings that stay, sorted, and those that the ignore file took out."""
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
    findings = tuple(sorted(kept.values(), key=_report_order))
    return msgspec.structs.replace(result, vulnerabilities=findings, modified_findings=tuple(modified))


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
