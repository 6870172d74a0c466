"""What judges a scan as a whole: VEX first, then what a policy denies of what is left."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace
from tests.support.vex import SSL, openvex, shop, statement

from assaymark.limits import DEFAULT_LIMITS
from assaymark.matching.judging import find_denials, judged, with_denials
from assaymark.matching.policy.document import parse_findings_policy
from assaymark.matching.policy.rules import FindingsPolicy
from assaymark.matching.vex.format import read_vex
from assaymark.matching.vex.source import SingleDocument
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.issue import Coverage, Denied
from assaymark.model.report import Invocation, Scan

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SCAN = Scan(
    report=replace(shop(), coverage=Coverage(complete=True)),
    invocation=Invocation(),
    database=DatabaseInfo(),
    started="2026-11-21T12:00:00Z",
    finished="2026-11-21T12:00:01Z",
)
NAMES = ["libssl1.1", "busybox", "shared", "requests"]


def policy(condition: str) -> FindingsPolicy:
    text = f"rules:\n  - deny: {{{condition}}}\n    reason: agreed\n"
    return parse_findings_policy(text.encode(), path="rules.yaml", now=NOW)


def denied_names(scan: Scan) -> list[str]:
    return [each.pkg_name for each in scan.report.coverage.denied] if scan.report.coverage else []


def test_without_documents_and_policies_a_scan_stays_what_it_is() -> None:
    assert judged(SCAN, (), None) is SCAN


def test_a_policy_denies_only_what_documents_leave() -> None:
    text = openvex(statement(SSL))
    document = SingleDocument(read_vex(text, source="vex.json", what="vex.json", limits=DEFAULT_LIMITS))
    high = policy("severities: HIGH")
    assert sorted(denied_names(judged(SCAN, (), high))) == sorted(NAMES)
    assert sorted(denied_names(judged(SCAN, (document,), high))) == sorted(NAMES[1:])


def test_a_database_is_denied_with_its_age() -> None:
    old = policy("database_age_at_least: 3d")
    told = Denied(rule="rules.yaml:2", reason="agreed", about="nobody knows when the database was built")
    assert find_denials(SCAN, old) == (told,)
    dated = replace(SCAN, database=DatabaseInfo(updated_at="2026-11-01T06:00:00Z"))
    assert find_denials(dated, old) == (replace(told, about="the database was built on 2026-11-01"),)


def test_without_a_policy_what_an_earlier_one_denied_stays() -> None:
    earlier = (Denied(rule="old.yaml:1", reason="then"),)
    scan = replace(SCAN, report=replace(SCAN.report, coverage=Coverage(complete=True, denied=earlier)))
    assert with_denials(scan, None) is scan
    assert find_denials(scan, None) == ()
    assert denied_names(with_denials(scan, policy("ids: CVE-1"))) == []


def test_a_report_that_says_nothing_of_coverage_has_no_place_for_denials() -> None:
    scan = replace(SCAN, report=replace(SCAN.report, coverage=None))
    high = policy("severities: HIGH")
    assert with_denials(scan, high) is scan
    assert len(find_denials(scan, high)) == len(NAMES)
