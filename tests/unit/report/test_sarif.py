from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, SSL_AGAIN, UNFIXED, a_report, a_scan, rendered
from tests.support.schemas import schema_errors, without_schema

from assaymark.model.advisory import Cvss
from assaymark.model.package import Location, Package
from assaymark.model.report import Metadata, Result, Scan
from assaymark.report.format import Rendering

APK_MESSAGE = """\
Package: apk-tools
Installed Version: 2.10.4-r2
Vulnerability CVE-2021-36159
Severity: CRITICAL
Fixed Version: 2.10.7-r0
Link: [CVE-2021-36159](https://avd.aquasec.com/nvd/cve-2021-36159)"""
APK_HELP = """\
Vulnerability CVE-2021-36159
Severity: CRITICAL
Package: apk-tools
Fixed Version: 2.10.7-r0
Link: [CVE-2021-36159](https://avd.aquasec.com/nvd/cve-2021-36159)
Told at length."""
APK_MARKDOWN = """\
**Vulnerability CVE-2021-36159**
| Severity | Package | Fixed Version | Link |
| --- | --- | --- | --- |
|CRITICAL|apk-tools|2.10.7-r0|[CVE-2021-36159](https://avd.aquasec.com/nvd/cve-2021-36159)|

Told at length."""
APK = replace(
    APK_TOOLS,
    description="Told at length.",
    severity_source="nvd",
    cvss={"nvd": Cvss(v2_score=6.4, v3_score=9.0, v3_vector="CVSS:3.1/AV:N"), "redhat": Cvss(v3_score=1.0)},
)
LOCKED = replace(UNFIXED, pkg_name="requests", installed_version="2.0", pkg_path="")


def _run(scan: Scan, rendering: Rendering | None = None) -> Any:
    document = json.loads(rendered(scan, "sarif", rendering))
    assert list(document) == ["version", "$schema", "runs"]
    (run,) = document["runs"]
    return run


def _lockfile(*packages: Package, kind: str = "filesystem") -> Scan:
    result = Result(
        target="app/requirements.txt", class_="lang-pkgs", type="pip", packages=packages, vulnerabilities=(LOCKED,)
    )
    return a_scan(report=replace(a_report(), artifact_type=kind, results=(result,), metadata=Metadata()))


def test_one_finding_makes_one_rule_and_one_result() -> None:
    location = {
        "physicalLocation": {
            "artifactLocation": {"uri": "library/alpine", "uriBaseId": "ROOTPATH"},
            "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
        },
        "message": {"text": "library/alpine: apk-tools@2.10.4-r2"},
    }
    rule = {
        "id": "CVE-2021-36159",
        "name": "OsPackageVulnerability",
        "shortDescription": {"text": "libfetch: an out of boundary read"},
        "fullDescription": {"text": "Told at length."},
        "defaultConfiguration": {"level": "error"},
        "helpUri": "https://avd.aquasec.com/nvd/cve-2021-36159",
        "help": {"text": APK_HELP, "markdown": APK_MARKDOWN},
        "properties": {
            "cvssv2_score": 6.4,
            "cvssv3_baseScore": 9,
            "cvssv3_vector": "CVSS:3.1/AV:N",
            "precision": "very-high",
            "security-severity": "9.0",
            "tags": ["vulnerability", "security", "CRITICAL"],
        },
    }
    assert _run(a_scan(APK)) == {
        "tool": {
            "driver": {
                "fullName": "assaymark vulnerability scanner",
                "informationUri": "https://pypi.org/project/assaymark/",
                "name": "assaymark",
                "rules": [rule],
                "version": "1.2.3+local",
            }
        },
        "results": [
            {
                "ruleId": "CVE-2021-36159",
                "ruleIndex": 0,
                "level": "error",
                "message": {"text": APK_MESSAGE},
                "locations": [location],
            }
        ],
        "columnKind": "utf16CodeUnits",
        "properties": {"imageID": "", "imageName": "alpine:3.10", "repoDigests": None, "repoTags": None},
    }


def test_a_vulnerability_of_two_packages_is_one_rule_that_the_later_one_describes() -> None:
    later = replace(SSL_AGAIN, title="later", primary_url="", severity="LOW")
    run = _run(a_scan(SSL, APK, later))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["CVE-2020-1967", "CVE-2021-36159"]
    assert (rules[0]["shortDescription"]["text"], rules[0]["helpUri"]) == ("later", SSL.primary_url)
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1, 0]
    assert [result["level"] for result in run["results"]] == ["error", "error", "note"]


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        ("CRITICAL", "error", "9.5"),
        ("HIGH", "error", "8.0"),
        ("MEDIUM", "warning", "5.5"),
        ("LOW", "note", "2.0"),
        ("UNKNOWN", "note", "0.0"),
        ("", "none", "0.0"),
    ],
)
def test_a_severity_without_a_score_has_a_fixed_one(severity: str, level: str, score: str) -> None:
    (rule,) = _run(a_scan(replace(SSL, severity=severity)))["tool"]["driver"]["rules"]
    assert (rule["defaultConfiguration"]["level"], rule["properties"]["security-severity"]) == (level, score)


TARGETS = {
    "an image reference is its repository": ("alpine:3.10 (alpine 3.10.4)", "library/alpine"),
    "with a registry": ("ghcr.io/o/r@sha256:" + "ab" * 32 + " (debian 12)", "o/r"),
    "an archive": ("input/a b.tar (alpine 3.10.4)", "input/a%20b.tar"),
    "a host": ("myhost (debian 12.1)", "library/myhost"),
    "backslashes are separators": ("C:\\images\\a.tar (alpine 3)", "C%3A/images/a.tar"),
}


@pytest.mark.parametrize(("target", "address"), TARGETS.values(), ids=TARGETS)
def test_packages_of_the_system_stand_at_the_target_without_its_remark(target: str, address: str) -> None:
    report = a_report(SSL)
    report = replace(report, results=(replace(report.results[0], target=target),))
    (result,) = _run(a_scan(report=report))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == address


def test_each_place_in_a_lockfile_is_a_location() -> None:
    package = Package(
        name="requests",
        version="2.0",
        locations=(Location(start_line=3, end_line=7), Location(), Location(start_line=9, end_line=9)),
    )
    (result,) = _run(_lockfile(Package(name="requests", version="1.0"), package))["results"]
    regions = [place["physicalLocation"]["region"] for place in result["locations"]]
    assert [(region["startLine"], region["endLine"]) for region in regions] == [(3, 7), (1, 1), (9, 9)]
    assert result["locations"][0]["message"]["text"] == "app/requirements.txt: requests@2.0"


def test_the_scanned_folder_is_the_base_of_its_addresses() -> None:
    run = _run(_lockfile(), Rendering(root="/srv/a b"))
    assert run["originalUriBaseIds"] == {"ROOTPATH": {"uri": "file:///srv/a%20b/"}}
    assert "properties" not in run
    assert "originalUriBaseIds" not in _run(_lockfile(kind="cyclonedx"), Rendering(root="/srv"))


def test_what_was_not_looked_at_is_told_by_the_tool() -> None:
    assert _run(a_scan(coverage=INCOMPLETE))["invocations"] == [
        {
            "executionSuccessful": True,
            "toolExecutionNotifications": [
                {
                    "descriptor": {"id": "FILE_MALFORMED"},
                    "level": "error",
                    "message": {"text": "not JSON"},
                    "locations": [_artifact("app/package-lock.json")],
                },
                {
                    "descriptor": {"id": "NOT_ANALYSED"},
                    "level": "error",
                    "message": {"text": "3 files of the kind gemspec not read by this version"},
                    "locations": [_artifact("usr/lib/a.gemspec")],
                },
            ],
        }
    ]
    assert "invocations" not in _run(a_scan(coverage=None))


def _artifact(path: str) -> Any:
    return {"physicalLocation": {"artifactLocation": {"uri": path, "uriBaseId": "ROOTPATH"}}}


@pytest.mark.skipif(without_schema("sarif-2.1.0"), reason="the published schemas are not beside the repository")
@pytest.mark.parametrize(
    "scan",
    [a_scan(), a_scan(APK, SSL, SSL_AGAIN, UNFIXED, coverage=INCOMPLETE), _lockfile()],
    ids=["nothing found", "an image", "a lockfile"],
)
def test_the_published_schema_agrees(scan: Scan) -> None:
    assert schema_errors(rendered(scan, "sarif", Rendering(root="/srv")), "sarif-2.1.0") == []
