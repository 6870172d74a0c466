"""What judges a scan as a whole, once filters have judged its findings one by one.

1. VEX documents take findings out.
2. Of what is left, the findings policy says what it denies. `Coverage.Denied` of the report lists it, and so does the
   record, whose `result` is the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.issue import Denied
from assaymark.safeio.json import decode_go_as

if TYPE_CHECKING:
    from assaymark.matching.policy.rules import Denial, FindingsPolicy
    from assaymark.matching.vex.graph import Subject
    from assaymark.matching.vex.source import VexSource
    from assaymark.model.report import Scan


class _Bom(msgspec.Struct, frozen=True, kw_only=True):
    serial: str = msgspec.field(name="serialNumber", default="")
    version: int = 0


_BOM: Final = msgspec.json.Decoder(_Bom)


def judged(
    scan: Scan,
    sources: Sequence[VexSource],
    policy: FindingsPolicy | None,
    *,
    bom: bytes = b"",
    limits: Limits = DEFAULT_LIMITS,
) -> Scan:
    """The scan without what VEX documents take out, and with what the findings policy denies of the rest.

    Args:
        scan: filtered by all else.
        sources: in their order of precedence.
        policy: None where there is none.
        bom: the SBOM that was scanned, where it was one.
        limits: the bounds.

    Raises:
        LimitError: there is too much to compare.
    """
    if sources:
        from assaymark.matching.vex.apply import apply_vex  # most scans have no VEX

        report = apply_vex(scan.report, sources, _subject(scan, bom, limits), limits=limits)
        scan = msgspec.structs.replace(scan, report=report)
    return with_denials(scan, policy)


def with_denials(scan: Scan, policy: FindingsPolicy | None) -> Scan:
    """Rule 2, of a scan that all filters have been applied to.

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


def _subject(scan: Scan, bom: bytes, limits: Limits) -> Subject:
    from assaymark.matching.vex.graph import Subject

    digests = (scan.subject,) if scan.subject else ()
    try:
        head = decode_go_as(bom, _BOM, limits=limits) if bom.lstrip().startswith(b"{") else _Bom()
    except ArtifactError:  # an SBOM of another format, or wrapped: nothing can link to it
        head = _Bom()
    return Subject(serial=head.serial, version=head.version, digests=digests)


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
