"""`convert` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.bills import REPORT, a_billed_scan
from tests.support.consoles import recorded_console
from tests.support.scans import rendered
from tests.support.workshop import NOON, Ran

from assaymark.cli.main import main
from assaymark.model.report import Result, Scan
from assaymark.report.format import Rendering

EVERYTHING = Rendering(show_suppressed=True)


class Desk:
    """A folder in which reports are converted, without a cache and without a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> Ran:
        recorded = recorded_console(environ={"HOME": str(self.folder), "SOURCE_DATE_EPOCH": NOON})
        return Ran(main(list(arguments), recorded.console), recorded.out, recorded.err)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The working directory is the desk's folder."""
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def stored(desk: Desk, form: str, scan: Scan | None = None) -> str:
    (desk.folder / "stored.json").write_bytes(rendered(scan or a_billed_scan(), form, EVERYTHING))
    return "stored.json"


def test_a_report_converted_into_a_report_is_the_same(desk: Desk) -> None:
    ran = desk.run("convert", stored(desk, "json"), "--format=json")
    assert (ran.code, ran.out) == (0, rendered(a_billed_scan(), "json").decode())


def test_a_record_converted_into_a_record_keeps_its_times_and_who_asked(desk: Desk) -> None:
    ran = desk.run("convert", stored(desk, "cosign-vuln"), "--format=cosign-vuln")
    assert ran.out == rendered(a_billed_scan(), "cosign-vuln").decode()


@pytest.mark.parametrize("form", ["cyclonedx", "spdx", "spdx-json", "sarif", "gitlab", "csv"])
def test_what_is_converted_is_what_the_scan_would_have_written(desk: Desk, form: str) -> None:
    ran = desk.run("convert", stored(desk, "cosign-vuln"), f"--format={form}")
    assert ran.out.replace("\r\n", "\n") == rendered(a_billed_scan(), form).decode().replace("\r\n", "\n")


def test_filters_apply_to_what_was_found(desk: Desk) -> None:
    path = stored(desk, "json")
    (desk.folder / ".trivyignore").write_text("CVE-2023-1\n")
    shown = desk.run("convert", path, "--format=json", "--show-suppressed")
    low = desk.run("convert", path, "--format=json", "--severity=LOW", "--exit-code=7")
    assert (shown.findings, low.findings, low.code) == ([], [], 0)
    suppressed = [each["ExperimentalModifiedFindings"] for each in shown.report["Results"][:2]]
    assert [(each["Status"], each["Source"]) for (each,) in suppressed] == [("ignored", ".trivyignore")] * 2


def test_findings_can_fail_it(desk: Desk) -> None:
    assert desk.run("convert", stored(desk, "json"), "--exit-code=7").code == 7


def test_what_is_no_vulnerability_is_left_out_and_that_is_told(desk: Desk) -> None:
    report = json.loads(rendered(a_billed_scan(), "json"))
    report["Results"] += [{"Target": "key.pem", "Class": "secret", "Secrets": [{"RuleID": "private-key"}]}] * 2
    (desk.folder / "theirs.json").write_text(json.dumps(report))
    ran = desk.run("convert", "./theirs.json", "--format=json")
    assert "`./theirs.json`: results of the kind `secret` are left out (2): only vulnerabilities are read" in ran.err
    assert ran.out == rendered(a_billed_scan(), "json").decode()


def test_several_forms_at_once(desk: Desk) -> None:
    ran = desk.run("convert", stored(desk, "json"), "--format=json", "--output=a.json", "--also=spdx-json=b.json")
    assert (ran.code, ran.out) == (0, "")
    assert json.loads((desk.folder / "b.json").read_bytes())["spdxVersion"] == "SPDX-2.3"


def test_a_bill_of_a_report_without_packages_says_that_it_is_short(desk: Desk) -> None:
    bare = replace(REPORT, results=tuple(replace(each, packages=()) for each in REPORT.results))
    ran = desk.run("convert", stored(desk, "json", a_billed_scan(bare)), "--format=cyclonedx")
    names = {each["name"] for each in json.loads(ran.out)["components"]}
    assert "the report lists no packages" in ran.err
    assert {"bash", "tool"} <= names


def test_old_reports_get_the_identifiers_that_they_lack(desk: Desk) -> None:
    def without_uid(result: Result) -> Result:
        packages = (replace(each, identifier=replace(each.identifier, uid="")) for each in result.packages)
        findings = (
            replace(each, pkg_identifier=replace(each.pkg_identifier, uid="")) for each in result.vulnerabilities
        )
        return replace(result, packages=tuple(packages), vulnerabilities=tuple(findings))

    old = replace(REPORT, results=tuple(map(without_uid, REPORT.results)))
    report = desk.run("convert", stored(desk, "json", a_billed_scan(old)), "--format=json").report
    packages: list[dict[str, Any]] = [each for result in report["Results"] for each in result["Packages"]]
    found = report["Results"][1]["Vulnerabilities"][0]
    assert len({each["Identifier"]["UID"] for each in packages}) == len(packages)
    assert found["PkgIdentifier"] == next(
        each["Identifier"] for each in packages if each.get("FilePath") == found["PkgPath"]
    )


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        pytest.param(b"{}", 8, "no report that is known", id="no report"),
        pytest.param(b"[1", 8, "", id="half a document"),
        pytest.param(None, 9, "stored.json", id="no file"),
    ],
)
def test_what_cannot_be_converted(desk: Desk, content: bytes | None, code: int, words: str) -> None:
    if content is not None:
        (desk.folder / "stored.json").write_bytes(content)
    ran = desk.run("convert", "./stored.json", "--format=json")
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
