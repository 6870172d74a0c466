"""VEX documents and findings policies in programs: the same reports and records as on the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.support.boms import SMALL, encoded
from tests.support.programs import Surroundings
from tests.support.vex import openvex, statement, within

import assaymark
from assaymark.model.digest import sha256_digest

MUSL = "pkg:apk/alpine/musl"
VEX = openvex(
    statement(MUSL, name="CVE-2019-14697", justification="vulnerable_code_not_present"),
    statement(within("pkg:oci/other", "pkg:apk/alpine/zlib"), name="CVE-2018-25032"),
)
MORE_VEX = openvex(statement("pkg:apk/alpine/zlib", name="CVE-2018-25032"))
RULES = """\
rules:
  - ignore: {ids: CVE-2020-28928, packages: musl}
    reason: the buffer is ours
  - ignore: {ids: CVE-2018-25032}
    reason: nothing is unpacked
    expires: 2026-11-21
  - deny: {severities: [CRITICAL, HIGH]}
    reason: bad ones are repaired at once
"""


@pytest.fixture
def files(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the documents in it."""
    monkeypatch.chdir(around.folder)
    (around.folder / "vex.json").write_bytes(VEX)
    (around.folder / "more.json").write_bytes(MORE_VEX)
    (around.folder / "rules.yaml").write_text(RULES)
    (around.folder / ".ignored").write_text("CVE-2020-28928\n")
    return around.folder


CHOICES: list[Any] = [
    pytest.param({"vex": ["vex.json"]}, ["--vex=vex.json"], ["CVE-2020-28928", "CVE-2018-25032"], id="a VEX document"),
    pytest.param(
        {"vex": ("vex.json", Path("more.json"))},
        ["--vex=vex.json", "--vex=more.json"],
        ["CVE-2020-28928"],
        id="VEX documents in their order",
    ),
    pytest.param(
        {"vex": ("vex.json", "vex.json")},
        ["--vex=vex.json", "--vex=vex.json"],
        ["CVE-2020-28928", "CVE-2018-25032"],
        id="a VEX document that is named twice",
    ),
    pytest.param(
        {"findings_policy": "rules.yaml"},
        ["--findings-policy=rules.yaml"],
        ["CVE-2019-14697", "CVE-2018-25032"],
        id="a policy",
    ),
    pytest.param(
        {"findings_policy": Path("rules.yaml"), "vex": "vex.json"},
        ["--findings-policy=rules.yaml", "--vex=vex.json"],
        ["CVE-2018-25032"],
        id="a policy, which denies nothing that VEX takes out",
    ),
    pytest.param(
        {"ignore_file": ".ignored", "findings_policy": "rules.yaml", "vex": "more.json", "severities": ["CRITICAL"]},
        ["--ignorefile=.ignored", "--findings-policy=rules.yaml", "--vex=more.json", "--severity=CRITICAL"],
        ["CVE-2019-14697"],
        id="everything",
    ),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("asked", "flags", "findings"), CHOICES)
def test_reports_and_records_are_those_of_the_command_line(
    around: Surroundings, asked: dict[str, Any], flags: list[str], findings: list[str]
) -> None:
    command = ("image", "--input", around.shop.image(), "--offline", "-q", *flags)
    by_people = around.shop.run(*command, "--format=json", "--also=cosign-vuln=record.json")
    report = assaymark.scan(around.shop.image(), kind="archive", settings=around.settings(offline=True), **asked)

    assert by_people.findings == [found.vulnerability_id for found in report.findings] == findings
    assert comparable(report.to_bytes()) == comparable(by_people.out)
    assert asked_for(report.to_bytes("cosign-vuln")) == asked_for(Path("record.json").read_bytes())


def comparable(document: bytes | str) -> Any:
    """A JSON report without what every scan has of its own."""
    report = json.loads(document)
    assert report.pop("ReportID")
    return report


def asked_for(document: bytes) -> Any:
    """What a record says of who asked and how, without flags that only the command line has."""
    parameters = json.loads(document)["invocation"]["parameters"]
    for name in ("also", "format", "input"):
        parameters["flags"].pop(name, None)
    return parameters


def test_the_record_names_the_files_with_their_digests(around: Surroundings, files: Path) -> None:
    settings = around.settings(offline=True)
    report = assaymark.scan(
        around.shop.image(), kind="archive", vex="vex.json", findings_policy="rules.yaml", settings=settings
    )
    parameters = json.loads(report.to_bytes("cosign-vuln"))["invocation"]["parameters"]
    assert parameters["findingsPolicy"] == sha256_digest((files / "rules.yaml").read_bytes())
    assert parameters["vex"] == [{"source": "vex.json", "format": "openvex", "digests": [sha256_digest(VEX)]}]
    assert parameters["flags"] == {"findings-policy": "rules.yaml", "offline": True, "vex": ["vex.json"]}


@pytest.mark.usefixtures("files")
def test_what_was_taken_out_and_what_is_denied_can_be_seen(around: Surroundings) -> None:
    image, settings = around.shop.image(), around.settings(offline=True)
    report = assaymark.scan(image, kind="archive", vex="vex.json", findings_policy="rules.yaml", settings=settings)

    assert [(each.finding.vulnerability_id, each.status, each.source) for each in report.suppressed] == [
        ("CVE-2020-28928", "ignored", "rules.yaml:2"),
        ("CVE-2019-14697", "not_affected", "vex.json"),
    ]
    denied = assaymark.Denied(
        rule="rules.yaml:7",
        reason="bad ones are repaired at once",
        severity="HIGH",
        vulnerability_id="CVE-2018-25032",
        pkg_name="zlib",
        installed_version="1.2.11-r1",
        target=f"{image} (alpine 3.10.9)",
    )
    assert report.denied == assaymark.Report.read(report.to_bytes()).denied == (denied,)
    assert report.warnings == ("`rules.yaml`, line 4: the rule has expired: nothing is unpacked",)
    assert assaymark.scan(image, kind="archive", settings=settings).denied == ()
    assert assaymark.Report.read(b'{"SchemaVersion": 2, "ArtifactName": "x"}').denied == ()


def test_a_document_about_the_sbom_itself_is_linked_as_on_the_command_line(around: Surroundings, files: Path) -> None:
    serial = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
    bom = {**SMALL, "serialNumber": serial, "version": 1}
    (files / "bom.json").write_bytes(encoded(bom))
    plain = assaymark.scan("bom.json", kind="sbom", settings=around.settings(offline=True))
    reference = plain.findings[0].pkg_identifier.bom_ref
    link = f"urn:cdx:{serial.removeprefix('urn:uuid:')}/1#{reference}"
    said = {"id": plain.findings[0].vulnerability_id, "analysis": {"state": "not_affected"}, "affects": [{"ref": link}]}
    (files / "bom.vex.json").write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "vulnerabilities": [said]})
    )
    ran = around.shop.run("sbom", "bom.json", "--format=json", "--offline", "-q", "--vex=bom.vex.json")
    report = assaymark.scan("bom.json", kind="sbom", vex="bom.vex.json", settings=around.settings(offline=True))

    assert comparable(report.to_bytes()) == comparable(ran.out)
    assert len(report.findings) == len(plain.findings) - 1


@pytest.mark.usefixtures("files")
def test_one_name_is_one_file(around: Surroundings) -> None:
    settings = around.settings(offline=True)
    for one in ("vex.json", Path("vex.json"), iter(["vex.json"])):
        report = assaymark.scan(around.shop.image(), kind="archive", vex=one, settings=settings)
        assert report.coverage is not None
        assert [document.source for document in report.coverage.vex] == ["vex.json"]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        pytest.param({"vex": "none.json"}, assaymark.LocalError, "none.json", id="no document"),
        pytest.param({"findings_policy": "none.yaml"}, assaymark.LocalError, "none.yaml", id="no policy"),
        pytest.param({"vex": "rules.yaml"}, assaymark.ArtifactError, "rules.yaml", id="a document that is none"),
        pytest.param({"findings_policy": "vex.json"}, assaymark.UsageError, "vex.json", id="a policy that is none"),
    ],
)
def test_a_mistake_ends_the_call_before_anything_is_scanned(
    around: Surroundings, asked: dict[str, Any], error: type[assaymark.Error], message: str
) -> None:
    with pytest.raises(error, match=message):
        assaymark.scan(os.devnull, kind="archive", settings=around.settings(offline=True), **asked)
