from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.bills import BASH, BASH_PURL, JAR, JAVA_RESULT, OS_RESULT, REPORT, a_billed_scan
from tests.support.scans import APK_TOOLS, INCOMPLETE, a_scan, rendered
from tests.support.schemas import schema_errors, without_schema

from assaymark.model.report import Metadata, Report, Scan


def written(scan: Scan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(rendered(scan, "spdx-json"))
    return document


WHOLE = written(a_billed_scan())
BY_NAME = {package["name"]: package for package in WHOLE["packages"]}
NAMES = {package["SPDXID"]: package["name"] for package in WHOLE["packages"]} | {"SPDXRef-DOCUMENT": "document"}


def comments(package: dict[str, Any]) -> list[str]:
    return [each["comment"] for each in package.get("annotations", ())]


def test_the_head_says_what_it_is_and_when_it_was_made() -> None:
    lists = ("packages", "files", "relationships", "hasExtractedLicensingInfos")
    head = {name: value for name, value in WHOLE.items() if name not in lists}
    assert head.pop("documentNamespace").startswith("urn:uuid:")
    assert head == {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "registry.example/ubi:9",
        "creationInfo": {"creators": ["Tool: assaymark-1.2.3"], "created": "2026-08-15T10:00:00Z"},
    }


def test_a_package_of_the_system_with_everything() -> None:
    package = dict(BY_NAME["bash"])
    assert package.pop("SPDXID").startswith("SPDXRef-Package-")
    assert comments(package) == [
        "Arch: x86_64",
        "ContentSet: rhel-9-baseos",
        f"LayerDiffID: sha256:{'cd' * 32}",
        f"LayerDigest: sha256:{'ab' * 32}",
        "Modularitylabel: m:1",
        "NVR: ubi-9",
        "PkgID: bash@5.1-6.x86_64",
        "PkgType: redhat",
    ]
    first = package.pop("annotations")[0]
    assert (first["annotator"], first["annotationDate"], first["annotationType"]) == (
        "Tool: assaymark-1.2.3",
        "2026-08-15T10:00:00Z",
        "OTHER",
    )
    assert package == {
        "name": "bash",
        "versionInfo": "1:5.1-6",
        "supplier": "Organization: Red Hat, Inc.",
        "downloadLocation": "NONE",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "MD5", "checksumValue": "12" * 16}],
        "sourceInfo": "built package from: bash 1:5.1-6",
        "licenseConcluded": "GPL-3.0-or-later AND MIT AND Apache-2.0",
        "licenseDeclared": "GPL-3.0-or-later AND MIT AND Apache-2.0",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": BASH_PURL},
            {
                "referenceCategory": "SECURITY",
                "referenceType": "advisory",
                "referenceLocator": "https://avd.aquasec.com/nvd/cve-2023-1",
            },
        ],
        "primaryPackagePurpose": "LIBRARY",
    }


def test_who_describes_holds_and_needs_whom() -> None:
    edges = sorted(
        f"{NAMES[each['spdxElementId']]} {each['relationshipType']} {NAMES[each['relatedSpdxElement']]}"
        for each in WHOLE["relationships"]
        if each["relatedSpdxElement"] in NAMES
    )
    assert edges == [
        "app DEPENDS_ON @types/Node",
        "app/package-lock.json CONTAINS app",
        "bash DEPENDS_ON glibc",
        "document DESCRIBES registry.example/ubi:9",
        "redhat CONTAINS bash",
        "registry.example/ubi:9 CONTAINS app/package-lock.json",
        "registry.example/ubi:9 CONTAINS org.example:tool",
        "registry.example/ubi:9 CONTAINS org.example:tool",
        "registry.example/ubi:9 CONTAINS redhat",
    ]


def test_a_file_with_its_sha1_is_a_file_and_another_an_annotation() -> None:
    (file,) = WHOLE["files"]
    assert (file["fileName"], file["checksums"]) == (
        "opt/tool.jar",
        [{"algorithm": "SHA1", "checksumValue": "34" * 20}],
    )
    jars = [package for package in WHOLE["packages"] if package["name"] == "org.example:tool"]
    with_file, without = sorted(jars, key=lambda each: not each["filesAnalyzed"])
    assert with_file["packageVerificationCode"] == {
        "packageVerificationCodeValue": "e27864419f87bacc27f0287b1628005e8337490f"
    }
    assert "FilePath: opt/tool.jar" not in comments(with_file)
    assert "FilePath: srv/tool.jar" in comments(without)
    assert {
        "spdxElementId": with_file["SPDXID"],
        "relatedSpdxElement": file["SPDXID"],
        "relationshipType": "CONTAINS",
    } in WHOLE["relationships"]


def test_licences_that_the_list_does_not_have_are_explained() -> None:
    explained = {each["name"]: each for each in WHOLE["hasExtractedLicensingInfos"]}
    assert sorted(explained) == ["Example (Public) Licence", "Public-Domain"]
    own = explained["Public-Domain"]
    assert own["extractedText"] == 'This component is licensed under "Public-Domain"'
    assert BY_NAME["glibc"]["licenseDeclared"] == f"LGPL-2.0-or-later AND {own['licenseId']}"


def test_the_text_of_a_licence_is_kept_as_a_text() -> None:
    package = replace(BASH, licenses=("text://hereby granted;\nto all", "MIT"))
    document = written(a_billed_scan(replace(REPORT, results=(replace(OS_RESULT, packages=(package,)),))))
    (explained,) = document["hasExtractedLicensingInfos"]
    assert (explained["name"], explained["extractedText"]) == ("NOASSERTION", "hereby granted;\nto all")
    declared = next(each["licenseDeclared"] for each in document["packages"] if each["name"] == "bash")
    assert declared == f"{explained['licenseId']} AND MIT"


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("https://git.example/a.git", "", "git+https://git.example/a.git"),
        (".", "https://git.example/a.git", "git+https://git.example/a.git"),
        (".", "", "NONE"),
    ],
)
def test_where_a_repository_was_cloned_from(name: str, url: str, expected: str) -> None:
    report = replace(REPORT, artifact_name=name, artifact_type="repository", metadata=Metadata(repo_url=url))
    assert {package["downloadLocation"] for package in written(a_billed_scan(report))["packages"]} == {expected}


def test_what_was_not_looked_at_stands_in_the_comment_on_the_creation() -> None:
    scan = a_scan(APK_TOOLS, coverage=INCOMPLETE)
    told = "FILE_MALFORMED: app/package-lock.json: not JSON\nNOT_ANALYSED: usr/lib/a.gemspec: 3 files"
    assert written(scan)["creationInfo"]["comment"].startswith(told)
    assert f"CreatorComment: <text>{told}" in rendered(scan, "spdx").decode()


def test_the_same_report_gives_the_same_bytes() -> None:
    for name in ("spdx", "spdx-json"):
        assert len({rendered(a_billed_scan(), name) for _ in range(2)}) == 1


def test_tags_and_values() -> None:
    report = replace(REPORT, results=(replace(JAVA_RESULT, packages=(JAR,), vulnerabilities=()),))
    lines = rendered(a_billed_scan(report), "spdx").decode().splitlines()
    start = lines.index("PackageName: org.example:tool")
    package = [line for line in lines[start : lines.index("##### Relationships")] if "Ref-" not in line]
    assert package[:6] == [
        "PackageName: org.example:tool",
        "PackageVersion: 2.0",
        "PackageSupplier: NOASSERTION",
        "PackageDownloadLocation: NONE",
        "PrimaryPackagePurpose: LIBRARY",
        "FilesAnalyzed: true",
    ]
    assert [
        "PackageAttributionText: <text>PkgType: jar</text>",
        "ExternalRef: PACKAGE-MANAGER purl pkg:maven/org.example/tool@2.0",
        "",
        "FileName: opt/tool.jar",
        f"FileChecksum: SHA1: {'34' * 20}",
    ] == package[7:12]
    assert 'ExtractedText: <text>This component is licensed under "Example (Public) Licence"</text>' in package


def test_a_value_of_tags_and_values_is_one_line_and_no_text() -> None:
    name = "a\nPackageName: b\x1b[31m <text>"
    lines = rendered(a_billed_scan(replace(REPORT, artifact_name=name)), "spdx").decode().splitlines()
    assert [line for line in lines if line.startswith("PackageName: b\x1b") or "<text>" in line[:20]] == []
    assert sum(line.startswith("DocumentName: a") for line in lines) == 1
    assert not any("\x1b" in line for line in lines)


REPORTS = [
    pytest.param(REPORT, id="everything"),
    pytest.param(replace(REPORT, results=(), artifact_name=""), id="nothing"),
    pytest.param(replace(REPORT, artifact_type="repository", created_at=""), id="a repository at no time"),
]


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.skipif(without_schema("spdx-2.3"), reason="the schemas are not beside the repository")
def test_documents_keep_to_the_schema(report: Report) -> None:
    assert schema_errors(rendered(a_billed_scan(report), "spdx-json"), "spdx-2.3") == []


@pytest.mark.parametrize("ending", ["spdx", "spdx.json"])
@pytest.mark.parametrize("report", REPORTS[::2])
@pytest.mark.filterwarnings(  # it builds the tables of its parser when it first runs
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_documents_satisfy_the_library(report: Report, ending: str) -> None:
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{ending}"
        path.write_bytes(rendered(a_billed_scan(report), ending.replace(".", "-")))
        document = parse_file(str(path))
    assert [message.validation_message for message in validate_full_spdx_document(document)] == []
