from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, DATABASE, INCOMPLETE, a_report, a_scan, rendered

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.report import Invocation, ScannerInfo
from assaymark.report.format import Rendering
from assaymark.report.scanner import scanner_purl


def _around_result(data: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(data)
    del document["scanner"]["result"]
    return document


def test_the_truthful_record_says_who_with_what_and_when() -> None:
    assert {
        "invocation": {
            "parameters": {
                "command": "image",
                "flags": {"severity": "HIGH,CRITICAL"},
                "coverage": {
                    "complete": False,
                    "issues": {"ENTRY_IGNORED": 1, "FILE_MALFORMED": 1},
                    "notAnalysed": {"gemspec": 3},
                },
                "database": {
                    "updatedAt": "2026-08-13T06:12:01.123456789Z",
                    "nextUpdate": "2026-08-14T06:12:01.123456789Z",
                    "sample": False,
                },
            },
            "uri": "https://ci.example/run/7",
            "event_id": "7",
            "builder.id": "https://ci.example/workflow",
        },
        "scanner": {
            "uri": "pkg:pypi/assaymark@1.2.3%2Blocal",
            "version": "1.2.3+local",
            "db": {"uri": DATABASE.uri, "version": "2 2026-08-13"},
        },
        "metadata": {"scanStartedOn": "2026-08-15T09:59:59.25Z", "scanFinishedOn": "2026-08-15T10:00:00.5Z"},
    } == _around_result(rendered(a_scan(APK_TOOLS, coverage=INCOMPLETE), "cosign-vuln"))


def test_the_blank_record_has_the_reference_s_exact_shape() -> None:
    written = rendered(a_scan(APK_TOOLS), "cosign-vuln", Rendering(blank_record=True)).decode()
    assert written.startswith(
        """{
  "invocation": {
    "parameters": null,
    "uri": "",
    "event_id": "",
    "builder.id": ""
  },
  "scanner": {
    "uri": "pkg:pypi/assaymark@1.2.3%2Blocal",
    "version": "1.2.3+local",
    "db": {
      "uri": "",
      "version": ""
    },
    "result": {
      "SchemaVersion": 2,
      "Scanner": {
"""
    )
    assert written.endswith(
        """
  },
  "metadata": {
    "scanStartedOn": "2026-08-15T10:00:00.5Z",
    "scanFinishedOn": "2026-08-15T10:00:00.5Z"
  }
}"""
    )


def test_the_result_is_complete_whatever_the_report_would_leave_out() -> None:
    bare = Rendering(list_all_packages=False, show_suppressed=False)
    result = json.loads(rendered(a_scan(APK_TOOLS), "cosign-vuln", bare))["scanner"]["result"]
    expected = json.loads(rendered(a_scan(APK_TOOLS), "json", Rendering(list_all_packages=True, show_suppressed=True)))
    assert expected == result


def test_a_sample_database_says_so_in_the_record() -> None:
    scan = replace(a_scan(), database=DatabaseInfo(version="sample", sample=True))
    parameters = _around_result(rendered(scan, "cosign-vuln"))["invocation"]["parameters"]
    assert parameters["database"] == {"updatedAt": "", "nextUpdate": "", "sample": True}


def test_what_the_scan_knows_wins_over_parameters_of_the_same_name() -> None:
    lying = Invocation(parameters={"coverage": {"complete": True}, "database": {"sample": False}})
    scan = replace(a_scan(coverage=INCOMPLETE), invocation=lying, database=DatabaseInfo(sample=True))
    parameters = _around_result(rendered(scan, "cosign-vuln"))["invocation"]["parameters"]
    assert (parameters["coverage"]["complete"], parameters["database"]["sample"]) == (False, True)
    assert lying.parameters == {"coverage": {"complete": True}, "database": {"sample": False}}


def test_a_report_without_coverage_promises_none() -> None:
    parameters = _around_result(rendered(a_scan(report=a_report(coverage=None)), "cosign-vuln"))["invocation"][
        "parameters"
    ]
    assert list(parameters) == ["command", "flags", "database"]


def test_the_scanner_s_package_url_is_encoded() -> None:
    assert scanner_purl(ScannerInfo(name="Assaymark", version="1.0rc1+g/x")) == "pkg:pypi/assaymark@1.0rc1%2Bg%2Fx"
