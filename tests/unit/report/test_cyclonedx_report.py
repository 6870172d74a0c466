from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.bills import (
    BASH_PURL,
    CVE,
    GLIBC_PURL,
    JAR,
    JAVA_RESULT,
    OS_RESULT,
    REPORT,
    a_billed_scan,
)
from tests.support.scans import APK_TOOLS, INCOMPLETE, a_scan, rendered
from tests.support.schemas import schema_errors, without_schema

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.report import Metadata, Scan


def written(scan: Scan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(rendered(scan, "cyclonedx"))
    return document


def properties(component: dict[str, Any]) -> list[str]:
    return [f"{each['name'].removeprefix('aquasecurity:trivy:')}={each['value']}" for each in component["properties"]]


WHOLE = written(a_billed_scan())
BY_NAME = {component["name"]: component for component in WHOLE["components"]}


def test_the_head_says_what_it_is_and_when_it_was_made() -> None:
    head = {name: WHOLE[name] for name in ("$schema", "bomFormat", "specVersion", "version")}
    assert head == {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
    }
    assert WHOLE["metadata"]["timestamp"] == "2026-08-15T10:00:00+00:00"
    assert WHOLE["metadata"]["tools"] == {
        "components": [
            {"type": "application", "name": "assaymark", "version": "1.2.3", "purl": "pkg:pypi/assaymark@1.2.3"}
        ]
    }


def test_the_root_is_the_image_with_its_names() -> None:
    purl = f"pkg:oci/ubi@sha256:{'ab' * 32}?arch=amd64&repository_url=registry.example%2Fubi"
    root = WHOLE["metadata"]["component"]
    assert (root["bom-ref"], root["type"], root["name"], root["purl"]) == (
        purl,
        "container",
        "registry.example/ubi:9",
        purl,
    )
    assert properties(root) == [
        f"DiffID=sha256:{'cd' * 32}",
        f"ImageID=sha256:{'ab' * 32}",
        "Labels:vendor=Red Hat",
        "Reference=registry.example/ubi:9",
        f"RepoDigest=registry.example/ubi@sha256:{'ab' * 32}",
        "RepoTag=registry.example/ubi:9",
        "SchemaVersion=2",
        "Size=1024",
    ]


def test_a_package_of_the_system_with_everything() -> None:
    component = BY_NAME["bash"]
    listed = properties(component)
    del component["properties"]
    assert component == {
        "bom-ref": BASH_PURL,
        "type": "library",
        "supplier": {"name": "Red Hat, Inc."},
        "name": "bash",
        "version": "1:5.1-6",
        "hashes": [{"alg": "MD5", "content": "12" * 16}],
        "licenses": [{"expression": "GPL-3.0-or-later AND MIT AND Apache-2.0"}],
        "purl": BASH_PURL,
    }
    assert listed == [
        "Arch=x86_64",
        "ContentSet=rhel-9-baseos",
        f"LayerDiffID=sha256:{'cd' * 32}",
        f"LayerDigest=sha256:{'ab' * 32}",
        "Modularitylabel=m:1",
        "NVR=ubi-9",
        "PkgID=bash@5.1-6.x86_64",
        "PkgType=redhat",
        "SrcEpoch=1",
        "SrcName=bash",
        "SrcRelease=6",
        "SrcVersion=5.1",
    ]


def test_licences_that_are_no_expression_stand_by_themselves() -> None:
    assert BY_NAME["glibc"]["licenses"] == [{"license": {"name": "LGPL-2.0-or-later AND Public-Domain"}}]
    first = next(each for each in WHOLE["components"] if "FilePath=opt/tool.jar" in properties(each))
    assert first["licenses"] == [{"license": {"name": "Example (Public) Licence"}}]


def test_an_npm_name_keeps_its_letter_case_and_is_cut_into_group_and_name() -> None:
    assert (BY_NAME["Node"]["group"], BY_NAME["Node"]["purl"]) == ("@types", "pkg:npm/%40types/node@20.1.0")


def test_who_holds_and_who_needs_whom() -> None:
    names = {each["bom-ref"]: each["name"] for each in (WHOLE["metadata"]["component"], *WHOLE["components"])}
    edges = {
        names[each["ref"]]: sorted(names[target] for target in each["dependsOn"]) for each in WHOLE["dependencies"]
    }
    assert edges == {
        "registry.example/ubi:9": ["app/package-lock.json", "redhat", "tool", "tool"],
        "redhat": ["bash"],
        "bash": ["glibc"],
        "glibc": [],
        "app/package-lock.json": ["app"],
        "app": ["Node"],
        "Node": [],
        "tool": [],
    }


def test_two_packages_with_one_package_url_have_names_of_their_own() -> None:
    refs = {each["bom-ref"] for each in WHOLE["components"]}
    assert len(refs) == len(WHOLE["components"])
    assert JAR.identifier.purl not in refs


def test_one_entry_for_a_vulnerability_of_two_packages() -> None:
    (entry,) = WHOLE["vulnerabilities"]
    affected = entry.pop("affects")
    nvd, redhat = {"name": "nvd"}, {"name": "redhat"}
    assert {
        "id": "CVE-2023-1",
        "source": {"name": "redhat", "url": "https://access.redhat.com/"},
        "ratings": [
            {"source": {"name": "ghsa"}, "severity": "unknown"},
            {"source": nvd, "score": 5, "severity": "medium", "method": "CVSSv2", "vector": CVE.cvss["nvd"].v2_vector},
            {
                "source": nvd,
                "score": 7.5,
                "severity": "high",
                "method": "CVSSv31",
                "vector": CVE.cvss["nvd"].v3_vector,
            },
            {"source": nvd, "score": 8.7, "severity": "high", "method": "CVSSv4", "vector": CVE.cvss["nvd"].v40_vector},
            {
                "source": redhat,
                "score": 5.3,
                "severity": "medium",
                "method": "CVSSv3",
                "vector": CVE.cvss["redhat"].v3_vector,
            },
        ],
        "cwes": [79],
        "description": "a <description>",
        "recommendation": "Upgrade bash to version 1:5.1-7; Upgrade org.example:tool to version 2.1",
        "advisories": [{"url": "https://avd.aquasec.com/nvd/cve-2023-1"}, {"url": "https://example.com/a"}],
        "published": "2023-01-02T03:04:05+00:00",
        "updated": "2023-02-03T00:00:00+00:00",
    } == entry
    assert affected[-1] == {"ref": BASH_PURL, "versions": [{"version": "1:5.1-6", "status": "affected"}]}
    assert [each["versions"][0]["version"] for each in affected] == ["2.0", "1:5.1-6"]


def test_a_scan_that_found_nothing_says_so() -> None:
    clean = replace(REPORT, results=(replace(OS_RESULT, vulnerabilities=()),))
    assert written(a_billed_scan(clean))["vulnerabilities"] == []


def test_nothing_found_at_all_is_a_whole_document() -> None:
    document = written(a_billed_scan(replace(REPORT, results=(), metadata=Metadata(), artifact_type="filesystem")))
    root = document["metadata"]["component"]
    assert (document["components"], root["type"]) == ([], "application")
    assert document["dependencies"] == [{"ref": root["bom-ref"], "dependsOn": []}]


def test_findings_of_packages_that_are_not_listed_are_not_lost() -> None:
    document = written(a_billed_scan(replace(REPORT, results=(replace(OS_RESULT, packages=()),))))
    assert [each["ref"] for each in document["vulnerabilities"][0]["affects"]] == [BASH_PURL]
    assert sorted(each["name"] for each in document["components"]) == ["bash", "redhat"]


def test_the_same_report_gives_the_same_bytes_and_another_report_another_name() -> None:
    first, again = (rendered(a_billed_scan(), "cyclonedx") for _ in range(2))
    other = written(a_billed_scan(replace(REPORT, report_id="another")))
    assert first == again
    assert other["serialNumber"] != WHOLE["serialNumber"]


def test_what_was_not_looked_at_and_which_database_answered_are_properties() -> None:
    scan = a_scan(APK_TOOLS, coverage=INCOMPLETE)
    listed = {each["name"]: each["value"] for each in written(scan)["metadata"]["properties"]}
    assert listed == {
        "assaymark:database:uri": scan.database.uri,
        "assaymark:database:version": "2 2026-08-13",
        "assaymark:database:updatedAt": "2026-08-13T06:12:01.123456789Z",
        "assaymark:shortfall": "NOT_ANALYSED: usr/lib/a.gemspec: 3 files of the kind gemspec not read by this version",
    }
    without = replace(scan, database=DatabaseInfo(), report=REPORT)
    assert "properties" not in written(without)["metadata"]


def test_what_a_terminal_obeys_is_escaped_and_means_the_same() -> None:
    name = "a\u202eb\x9b31m\x7f##[error]<b>\ud800"
    data = rendered(a_billed_scan(replace(REPORT, artifact_name=name)), "cyclonedx")
    assert b"\\u202eb\\u009b31m\\u007f#\\u0023[error]<b>" in data
    assert json.loads(data)["metadata"]["component"]["name"] == name.replace("\ud800", "\ufffd")


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(REPORT, id="everything"),
        pytest.param(replace(REPORT, results=()), id="nothing"),
        pytest.param(replace(REPORT, results=(replace(JAVA_RESULT, packages=()),), created_at=""), id="no packages"),
    ],
)
@pytest.mark.skipif(without_schema("cyclonedx-1.7"), reason="the schemas are not beside the repository")
def test_documents_keep_to_the_schema(report: Any) -> None:
    assert schema_errors(rendered(a_billed_scan(report), "cyclonedx"), "cyclonedx-1.7") == []


def test_documents_keep_to_the_schema_of_the_library() -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = rendered(a_billed_scan(), "cyclonedx").decode()
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text) is None


def test_references_are_found_in_the_document() -> None:
    refs = {WHOLE["metadata"]["component"]["bom-ref"], *(each["bom-ref"] for each in WHOLE["components"])}
    for each in WHOLE["dependencies"]:
        assert {each["ref"], *each["dependsOn"]} <= refs
    assert GLIBC_PURL in refs
