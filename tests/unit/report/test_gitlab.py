from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, UNFIXED, a_report, a_scan, rendered

from assaymark.model.report import Result, Scan

APK = replace(
    APK_TOOLS,
    description="Told at\nlength.",
    references=("https://a.example/1", "javascript:alert(1)", "ftp://b.example/2"),
)


def _document(scan: Scan) -> Any:
    return json.loads(rendered(scan, "gitlab"))


def _places(*results: Result, kind: str = "container_image") -> list[tuple[str, str]]:
    scan = a_scan(report=replace(a_report(), artifact_type=kind, results=results))
    found = [each["location"] for each in _document(scan)["vulnerabilities"]]
    return [(each["image"], each["operating_system"]) for each in found]


def test_a_finding_is_a_vulnerability_of_the_image() -> None:
    analyzer = {"id": "assaymark", "name": "assaymark", "vendor": {"name": "assaymark"}, "version": "1.2.3+local"}
    assert _document(a_scan(APK)) == {
        "version": "15.0.7",
        "scan": {
            "analyzer": analyzer,
            "end_time": "2026-08-15T10:00:00",
            "scanner": analyzer | {"url": "https://pypi.org/project/assaymark/"},
            "start_time": "2026-08-15T09:59:59",
            "status": "success",
            "type": "container_scanning",
        },
        "vulnerabilities": [
            {
                "id": "CVE-2021-36159",
                "name": "libfetch: an out of boundary read",
                "description": "Told at\nlength.",
                "severity": "Critical",
                "solution": "Upgrade apk-tools to 2.10.7-r0",
                "location": {
                    "dependency": {"package": {"name": "apk-tools"}, "version": "2.10.4-r2"},
                    "operating_system": "alpine 3.10.4",
                    "image": "alpine:3.10",
                },
                "identifiers": [
                    {
                        "type": "cve",
                        "name": "CVE-2021-36159",
                        "value": "CVE-2021-36159",
                        "url": "https://avd.aquasec.com/nvd/cve-2021-36159",
                    }
                ],
                "links": [{"url": "https://a.example/1"}, {"url": "ftp://b.example/2"}],
            }
        ],
        "remediations": [],
    }


def test_without_a_fix_an_address_or_a_severity_it_says_so() -> None:
    (found,) = _document(a_scan(UNFIXED))["vulnerabilities"]
    assert found["solution"] == "No solution provided"
    assert found["severity"] == "Unknown"
    assert found["identifiers"] == [{"type": "cve", "name": "CVE-2022-1", "value": "CVE-2022-1"}]
    assert found["links"] == []


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High"), ("UNKNOWN", "Unknown"), ("worst", "Unknown")],
)
def test_severities_are_those_of_the_schema(severity: str, expected: str) -> None:
    (found,) = _document(a_scan(replace(SSL, severity=severity)))["vulnerabilities"]
    assert found["severity"] == expected


def test_what_the_schema_bounds_is_cut() -> None:
    long = replace(SSL, title="t" * 300, fixed_version="1" * 8_000, description="d" * 1_048_600)
    (found,) = _document(a_scan(long))["vulnerabilities"]
    assert [len(found[key]) for key in ("name", "solution", "description")] == [255, 7_000, 1_048_576]


def test_the_system_says_where_else_the_image_and_else_nothing() -> None:
    system = Result(target="repo/a:1 (debian 12.1)", class_="os-pkgs", vulnerabilities=(SSL,))
    library = Result(target="Node.js", class_="lang-pkgs", vulnerabilities=(UNFIXED,))
    assert _places(system, library) == [("repo/a:1", "debian 12.1")] * 2
    assert _places(library) == [("alpine:3.10", "Unknown")]
    assert _places(library, kind="filesystem") == [("Unknown", "Unknown")]


def test_what_was_not_looked_at_is_a_message_of_the_scan() -> None:
    scan = _document(a_scan(coverage=INCOMPLETE))["scan"]
    assert scan["messages"] == [
        {"level": "warn", "value": "app/package-lock.json: not JSON"},
        {"level": "warn", "value": "usr/lib/a.gemspec: 3 files of the kind gemspec not read by this version"},
    ]
    assert scan["status"] == "success"


def test_a_report_whose_times_are_unknown_still_has_some() -> None:
    scan = _document(replace(a_scan(), started="", finished="x"))["scan"]
    assert (scan["start_time"], scan["end_time"]) == ("1970-01-01T00:00:00", "1970-01-01T00:00:00")
