"""`--vex FILE` as a user runs it: what leaves the report, what is told of it, and what the record says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.vex import openvex, statement, within
from tests.support.workshop import ALPINE, Workshop

from assaymark.model.digest import sha256_digest

MUSL = "pkg:apk/alpine/musl"
DOCUMENT = openvex(
    statement(MUSL, name="CVE-2019-14697", justification="vulnerable_code_not_present"),
    statement(within("pkg:oci/other", "pkg:apk/alpine/zlib"), name="CVE-2018-25032"),
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder, with `vex.json` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vex.json").write_bytes(DOCUMENT)
    return Workshop(tmp_path)


def modified(report: Any) -> list[list[str]]:
    return [
        [each["Type"], each["Status"], each["Statement"], each["Source"], each["Finding"]["VulnerabilityID"]]
        for result in report["Results"]
        for each in result.get("ExperimentalModifiedFindings", ())
    ]


def test_what_a_document_takes_out_is_in_the_report_when_asked_for(shop: Workshop) -> None:
    ran = shop.run("rootfs", "--format=json", "--vex=vex.json", "--show-suppressed", shop.tree(ALPINE))

    assert (ran.code, ran.findings) == (0, ["CVE-2020-28928", "CVE-2018-25032"])
    assert modified(ran.report) == [
        ["vulnerability", "not_affected", "vulnerable_code_not_present", "vex.json", "CVE-2019-14697"]
    ]
    assert ran.report["Coverage"]["VEX"] == [
        {
            "Source": "vex.json",
            "Format": "openvex",
            "Digests": [sha256_digest(DOCUMENT)],
            "Statements": [
                {"Vulnerability": "CVE-2019-14697", "Status": "not_affected", "Findings": 1},
                {
                    "Vulnerability": "CVE-2018-25032",
                    "Status": "not_affected",
                    "Reason": "nothing that holds the vulnerable package is `pkg:oci/other` with `pkg:apk/alpine/zlib`",
                },
            ],
        }
    ]


COUNTED = "VEX `vex.json`: 1 statement took out 1 finding, 1 statement took out none\n"
LISTED = """\
  CVE-2019-14697 not affected: used for 1 finding
  CVE-2018-25032 not affected: not used: nothing that holds the vulnerable package is `pkg:oci/other` with \
`pkg:apk/alpine/zlib`
"""


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        pytest.param((), COUNTED, id="counted"),
        pytest.param(("--show-suppressed",), COUNTED + LISTED, id="listed"),
        pytest.param(("--quiet", "--show-suppressed"), "", id="quiet"),
    ],
)
def test_statements_are_told(shop: Workshop, flags: tuple[str, ...], told: str) -> None:
    ran = shop.run("rootfs", "--format=json", "--vex=vex.json", *flags, shop.tree(ALPINE))

    assert ran.err.partition("VEX ")[1] + ran.err.partition("VEX ")[2] == told


def test_of_many_documents_those_that_were_used_are_told_first(shop: Workshop) -> None:
    for number in range(25):
        (shop.folder / f"{number}.json").write_bytes(openvex())
    files = ",".join(f"{number}.json" for number in range(25))

    told = shop.run("rootfs", "--format=json", f"--vex={files},vex.json", shop.tree(ALPINE)).err.splitlines()

    lines = [line for line in told if line.startswith("VEX")]
    assert (len(lines), lines[0][:14]) == (21, "VEX `vex.json`")
    assert lines[-1] == "VEX: 6 documents more; the JSON report's `Coverage` lists them"


def test_the_record_names_the_documents_with_their_digests(shop: Workshop) -> None:
    ran = shop.run("rootfs", "--format=cosign-vuln", "--vex=vex.json", shop.tree(ALPINE))

    parameters = ran.report["invocation"]["parameters"]
    assert parameters["vex"] == [{"source": "vex.json", "format": "openvex", "digests": [sha256_digest(DOCUMENT)]}]
    assert parameters["flags"]["vex"] == ["vex.json"]


def test_findings_that_are_taken_out_do_not_fail_a_scan(shop: Workshop) -> None:
    names = ("CVE-2019-14697", "CVE-2020-28928", "CVE-2018-25032")
    (shop.folder / "all.json").write_bytes(openvex(*(statement(MUSL, name=name) for name in names[:2])))
    (shop.folder / "zlib.json").write_bytes(openvex(statement("pkg:apk/alpine/zlib", name=names[2])))

    def code(*flags: str) -> int:
        return shop.run("rootfs", "--exit-code=5", *flags, shop.tree(ALPINE)).code

    assert [
        code("--vex=all.json"),
        code("--vex=all.json,zlib.json"),
        code("--vex", "zlib.json", "--vex", "all.json"),
    ] == [
        5,
        0,
        0,
    ]


def test_an_image_by_its_tag_is_marked(shop: Workshop) -> None:
    (shop.folder / "tag.json").write_bytes(openvex(statement("alpine:3.10", name="CVE-2018-25032")))

    ran = shop.run("image", "--format=json", "--vex=tag.json", "--show-suppressed", "--input", shop.image())

    assert modified(ran.report) == [
        ["vulnerability", "not_affected", "", "tag.json (matched by tag)", "CVE-2018-25032"]
    ]


def test_an_explanation_says_who_took_a_finding_out(shop: Workshop) -> None:
    ran = shop.run("rootfs", "--explain=CVE-2019-14697", "--format=json", "--vex=vex.json", shop.tree(ALPINE))

    packages = ran.report[0]["packages"]
    assert [(each["verdict"], each["reason"]) for each in packages] == [
        ("left out", "not_affected by vex.json: vulnerable_code_not_present")
    ]


def test_a_link_into_the_scanned_sbom(shop: Workshop) -> None:
    made = shop.run("rootfs", "--format=cyclonedx", "--scanners=vuln", shop.tree(ALPINE))
    serial = made.report["serialNumber"].removeprefix("urn:uuid:")
    (shop.folder / "bom.json").write_text(made.out, encoding="utf-8")
    link = {"ref": f"urn:cdx:{serial}/1#pkg:apk%2Falpine%2Fzlib@1.2.11-r1?arch=x86_64%26distro=3.10.9"}
    said = {"id": "CVE-2018-25032", "analysis": {"state": "resolved"}, "affects": [link]}
    document = {"bomFormat": "CycloneDX", "vulnerabilities": [said]}
    (shop.folder / "linked.json").write_text(json.dumps(document), encoding="utf-8")

    ran = shop.run("sbom", "--format=json", "--vex=linked.json", "--show-suppressed", "bom.json")

    assert modified(ran.report) == [["vulnerability", "fixed", "", "CycloneDX VEX", "CVE-2018-25032"]]


@pytest.mark.parametrize(
    ("flags", "content", "code", "message"),
    [
        pytest.param(("--vex=no.json",), None, 9, "no.json", id="no file"),
        pytest.param(("--vex=bad.json",), b"{", 8, "`bad.json` is not JSON", id="no JSON"),
        pytest.param(("--vex=bad.json",), b"{}", 8, "`bad.json` is not a VEX document", id="no VEX"),
        pytest.param(("--vex=sbom-ref",), None, 2, "`--vex sbom-ref`", id="links of an SBOM"),
        pytest.param(
            ("--vex=vex.json", "--pkg-relationships=direct"),
            None,
            2,
            "`--vex` and `--pkg-relationships` exclude each other",
            id="without what lies between",
        ),
    ],
)
def test_what_cannot_be_used_ends_the_command_before_the_scan(
    shop: Workshop, flags: tuple[str, ...], content: bytes | None, code: int, message: str
) -> None:
    if content is not None:
        (shop.folder / "bad.json").write_bytes(content)

    ran = shop.run("rootfs", *flags, "no such folder")

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
