"""An SBOM in CycloneDX that was scanned and is written again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.bills import BASH_PURL, REPORT, a_billed_scan
from tests.support.scans import rendered
from tests.support.schemas import schema_errors, without_schema

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.finding import Finding
from assaymark.model.package import Package, PackageIdentifier
from assaymark.model.report import Result, Scan

SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
PURL = "pkg:npm/a@1.0"
SBOM: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.4",
    "serialNumber": SERIAL,
    "version": 3,
    "metadata": {
        "timestamp": "2020-01-01T00:00:00Z",
        "tools": [{"vendor": "somebody", "name": "maker", "version": "9"}],
        "authors": [{"name": "a person"}],
        "component": {"bom-ref": "root", "type": "application", "name": "app"},
    },
    "components": [
        {"bom-ref": "z", "type": "library", "name": "bash", "purl": BASH_PURL, "cpe": "cpe:2.3:a:gnu:bash"},
        {"type": "library", "name": "a", "purl": PURL},
        {"type": "library", "name": "a", "version": "1.0", "purl": PURL},
        {"type": "file", "name": "a picture"},
    ],
    "services": [{"bom-ref": "s", "name": "a service"}],
    "dependencies": [{"ref": "root", "dependsOn": ["z"]}],
    "vulnerabilities": [{"id": "CVE-2000-1", "affects": [{"ref": "z"}]}],
}


def package(ref: str, purl: str = PURL) -> Package:
    return Package(name="a", version="1.0", identifier=PackageIdentifier(purl=purl, bom_ref=ref, uid=ref))


def finding(ref: str, purl: str = PURL) -> Finding:
    identifier = PackageIdentifier(purl=purl, bom_ref=ref, uid=ref)
    return Finding(vulnerability_id="CVE-2023-1", pkg_name="a", pkg_identifier=identifier, installed_version="1.0")


RESULT = Result(
    target="Node.js",
    class_="lang-pkgs",
    type="node-pkg",
    packages=(package("z", BASH_PURL), package("first"), package("second")),
    vulnerabilities=(finding("second"), finding("z", BASH_PURL)),
)


def scanned(document: Any = SBOM, result: Result = RESULT) -> Scan:
    report = replace(REPORT, artifact_name="bom.json", artifact_type="cyclonedx", results=(result,))
    return replace(a_billed_scan(report), sbom=json.dumps(document).encode())


def written(scan: Scan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(rendered(scan, "cyclonedx"))
    return document


def test_the_document_stays_and_its_vulnerabilities_are_those_that_were_found() -> None:
    first, second, third, picture = SBOM["components"]
    assert {
        **SBOM,
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "specVersion": "1.7",
        "version": 4,
        "metadata": {
            **SBOM["metadata"],
            "timestamp": "2026-08-15T10:00:00+00:00",
            "tools": [*SBOM["metadata"]["tools"], {"name": "assaymark", "version": "1.2.3"}],
        },
        "components": [first, {**second, "bom-ref": "first"}, {**third, "bom-ref": "second"}, picture],
        "vulnerabilities": [
            {
                "id": "CVE-2023-1",
                "ratings": [],
                "affects": [
                    {"ref": ref, "versions": [{"version": "1.0", "status": "affected"}]} for ref in ("second", "z")
                ],
            }
        ],
    } == written(scanned())


def test_where_nothing_was_looked_up_its_own_vulnerabilities_stay() -> None:
    listed = replace(scanned(result=replace(RESULT, vulnerabilities=())), database=DatabaseInfo())
    assert written(listed)["vulnerabilities"] == SBOM["vulnerabilities"]


def test_where_nothing_was_found_there_are_none() -> None:
    assert written(scanned(result=replace(RESULT, vulnerabilities=())))["vulnerabilities"] == []


def test_a_document_without_number_gets_one() -> None:
    bare = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 7}
    document = written(scanned(bare))
    assert (document["version"], document["components"], document["dependencies"]) == (1, [], [])
    assert document["serialNumber"].startswith("urn:uuid:")


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        pytest.param({"components": [{"type": "application", "name": "b"}]}, ["b", "assaymark"], id="of today"),
        pytest.param({"services": [{"name": "c"}]}, ["assaymark"], id="services"),
        pytest.param("nothing", ["assaymark"], id="something else"),
    ],
)
def test_the_scanner_stands_behind_the_tools(tools: Any, expected: list[str]) -> None:
    document = written(scanned({**SBOM, "metadata": {"tools": tools}}))
    assert [each["name"] for each in document["metadata"]["tools"]["components"]] == expected


def test_members_match_in_any_letter_case_and_are_written_as_they_should_be() -> None:
    odd = {"BomFormat": "CycloneDX", "SpecVersion": "1.5", "COMPONENTS": SBOM["components"], "metaData": None}
    document = written(scanned(odd))
    assert [each["name"] for each in document["components"]] == ["bash", "a", "a", "a picture"]
    assert "COMPONENTS" not in document


@pytest.mark.skipif(without_schema("cyclonedx-1.7"), reason="the schemas are not beside the repository")
def test_the_document_keeps_to_the_schema() -> None:
    assert schema_errors(rendered(scanned(), "cyclonedx"), "cyclonedx-1.7") == []


def test_spdx_is_made_from_the_packages() -> None:
    document = json.loads(rendered(scanned(), "spdx-json"))
    assert sorted(each["name"] for each in document["packages"]) == ["a", "a", "a", "bom.json"]
