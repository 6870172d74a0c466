from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, DATABASE, INCOMPLETE, SSL, UNFIXED, a_report, a_scan, rendered

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.report.format import Rendering
from assaymark.report.record import RecordSummary, TopFinding, parse_record, summarise
from assaymark.report.record_text import render_summary_text

OURS = rendered(a_scan(UNFIXED, SSL, APK_TOOLS, coverage=INCOMPLETE), "cosign-vuln")
BLANK = rendered(a_scan(report=a_report(SSL, coverage=None)), "cosign-vuln", Rendering(blank_record=True))


def _summary(data: bytes) -> RecordSummary:
    return parse_record(data, DEFAULT_LIMITS)


def test_every_fact_of_a_truthful_record_comes_back() -> None:
    summary = json.loads(msgspec.json.encode(_summary(OURS)))
    assert {
        "scanner": {"uri": "pkg:pypi/assaymark@1.2.3%2Blocal", "version": "1.2.3+local"},
        "database": {
            "uri": DATABASE.uri,
            "version": "2 2026-08-13",
            "updatedAt": "2026-08-13T06:12:01.123456789Z",
            "ageDays": 2,
            "sample": False,
        },
        "scan": {"startedOn": "2026-08-15T09:59:59.25Z", "finishedOn": "2026-08-15T10:00:00.5Z"},
        "artifact": {"name": "alpine:3.10", "type": "container_image", "system": "alpine 3.10.4", "digests": []},
        "coverage": {
            "complete": False,
            "issues": {"ENTRY_IGNORED": 1, "FILE_MALFORMED": 1},
            "notAnalysed": {"gemspec": 3},
        },
        "fullReport": None,
        "blank": [],
    } == {key: value for key, value in summary.items() if key not in {"findings", "invocation"}}
    assert {"uri", "eventId", "builderId", "parameters"} == set(summary["invocation"])
    assert summary["invocation"]["parameters"]["flags"]["severity"] == "HIGH,CRITICAL"
    assert summary["findings"]["severities"] == {"CRITICAL": 1, "HIGH": 1, "MEDIUM": 0, "LOW": 0, "UNKNOWN": 1}
    assert tuple(summary["findings"][key] for key in ("known", "total", "fixable")) == (True, 3, 2)


def test_the_worst_findings_come_first() -> None:
    assert (
        TopFinding(
            id="CVE-2021-36159",
            severity="CRITICAL",
            package="apk-tools",
            installed="2.10.4-r2",
            fixed="2.10.7-r0",
            title="libfetch: an out of boundary read",
            url="https://avd.aquasec.com/nvd/cve-2021-36159",
        )
        == _summary(OURS).findings.top[0]
    )
    assert [finding.severity for finding in _summary(OURS).findings.top] == ["CRITICAL", "HIGH", "UNKNOWN"]


def test_only_ten_findings_are_carried_and_the_rest_is_counted() -> None:
    many = [replace(SSL, vulnerability_id=f"CVE-2020-{number}") for number in range(25)]
    summary = _summary(rendered(a_scan(*many), "cosign-vuln"))
    assert (summary.findings.total, len(summary.findings.top)) == (25, 10)
    assert "    and 15 more\n" in render_summary_text(summary)


def test_a_blank_record_is_told_apart() -> None:
    summary = _summary(BLANK)
    assert summary.blank == ("invocation", "scanner.db", "metadata")
    assert (summary.database.age_days, summary.coverage.complete, summary.findings.total) == (None, None, 1)


def test_a_zero_filled_record_has_no_findings_to_count() -> None:
    summary = summarise({"scanner": None, "metadata": {"scanStartedOn": "0001-01-01T00:00:00Z"}})
    assert summary.blank == ("invocation", "scanner.db", "metadata")
    assert not summary.findings.known


def test_a_database_version_alone_dates_the_database() -> None:
    record = {
        "scanner": {"db": {"version": "2 built 2026-08-01"}},
        "metadata": {"scanFinishedOn": "2026-08-15T10:00:00Z"},
    }
    assert (summarise(record).database.updated_at, summarise(record).database.age_days) == ("2026-08-01", 14)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[]", "not a JSON object"),
        (b"{", "vulnerability record"),
        (b'{"scanner": 1}', "`scanner` is not an object"),
        (b'{"scanner": {"uri": 1}}', "`uri` is not a string"),
        (b'{"scanner": {"db": "x"}}', "`db` is not an object"),
        (b'{"scanner": {}, "scanner": {}}', "twice"),
        (b'{"metadata": {"scanStartedOn": []}}', "`scanStartedOn` is not a string"),
    ],
)
def test_what_is_no_record_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        _summary(data)


def test_a_record_beyond_the_limits_is_refused() -> None:
    with pytest.raises(LimitError):
        parse_record(OURS, Limits(json_bytes=100))


@pytest.mark.parametrize(
    "result",
    [
        None,
        "text",
        [],
        {"matches": []},
        {"SchemaVersion": 1},
        {"SchemaVersion": "2"},
    ],
)
def test_a_result_in_another_format_has_no_counts(result: Any) -> None:
    summary = summarise({"scanner": {"result": result}})
    assert not summary.findings.known
    assert "unknown: the result is in a format" in render_summary_text(summary)


def test_parts_of_a_result_with_strange_types_are_not_there() -> None:
    result = {
        "SchemaVersion": 2,
        "ArtifactName": 5,
        "Metadata": {"OS": [], "RepoDigests": ["a@sha256:1", 2]},
        "Coverage": {"Complete": "yes"},
        "Results": [1, {"Vulnerabilities": "x"}, {"Vulnerabilities": [1, {"Severity": [], "VulnerabilityID": "A"}]}],
    }
    summary = summarise({"scanner": {"result": result}, "invocation": {"parameters": ["x"]}})
    assert (
        summary.findings.total,
        summary.artifact.digests,
        summary.artifact.name,
        summary.coverage.complete,
    ) == (1, ("a@sha256:1",), "", None)


def test_a_report_s_own_coverage_counts_where_the_parameters_are_silent() -> None:
    assert summarise({"scanner": {"result": {"Coverage": {"Complete": True}}}}).coverage.complete


def test_the_summary_for_people() -> None:
    assert (
        render_summary_text(_summary(OURS), now="2026-08-20T10:00:01Z")
        == f"""\
artifact  alpine:3.10 (container image)
system    alpine 3.10.4
scanner   pkg:pypi/assaymark@1.2.3%2Blocal
database  2 2026-08-13, 2 days old at the scan
          {DATABASE.uri}
scanned   2026-08-15 10:00:00 UTC in 1.2 s (5 days ago)
asked by  https://ci.example/run/7 https://ci.example/workflow
findings  3 vulnerabilities, 2 with a fix: CRITICAL 1, HIGH 1, UNKNOWN 1
    CRITICAL  CVE-2021-36159  apk-tools 2.10.4-r2, fixed in 2.10.7-r0  libfetch: an out of boundary read
    HIGH      CVE-2020-1967  libcrypto1.1 1.1.1d-r2, fixed in 1.1.1g-r0  openssl: Segmentation fault in SSL_check_chain…
    UNKNOWN   CVE-2022-1  requests 2.0, no fix
coverage  INCOMPLETE: ENTRY_IGNORED 1, FILE_MALFORMED 1
          not analysed: 3 gemspec
"""
    )


def test_the_summary_of_a_blank_record_names_the_blanks() -> None:
    assert render_summary_text(_summary(BLANK)).endswith(
        """\
database  not named
scanned   2026-08-15 10:00:00 UTC
findings  1 vulnerability, 1 with a fix: HIGH 1
    HIGH      CVE-2020-1967  libcrypto1.1 1.1.1d-r2, fixed in 1.1.1g-r0  openssl: Segmentation fault in SSL_check_chain…
coverage  the record does not say what was looked at
blank     who asked for the scan
blank     which database was used
blank     when the scan began and ended (both times are the moment of writing)
"""
    )


def test_a_sample_database_and_a_complete_scan_in_words() -> None:
    sample = msgspec.structs.replace(a_scan(), database=replace(DATABASE, sample=True))
    text = render_summary_text(_summary(rendered(sample, "cosign-vuln")), colour=True, width=80)
    assert "database  SAMPLE, not for decisions: 2 2026-08-13, 2 days old at the scan\n" in text
    assert "findings  0 vulnerabilities\ncoverage  complete\n" in text
