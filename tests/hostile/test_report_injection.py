"""Names, titles and messages that try to steer a terminal, a build log or a reader's eye (CWE-150, CVE-2021-42574)."""

from __future__ import annotations

import json
import re

import pytest
from msgspec.structs import replace
from tests.support.consoles import recorded_console
from tests.support.scans import DATABASE, SSL, a_report, a_scan, rendered

from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.finding import ModifiedFinding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Coverage, Issue, IssueCode, Unanalysed
from assaymark.model.report import Invocation, Metadata, Result, Scan
from assaymark.report.format import Rendering
from assaymark.report.record import parse_record
from assaymark.report.record_text import render_summary_text

PAYLOADS = {
    "colour": "\x1b[31mred\x1b[0m",
    "clear screen": "\x1b[2J\x1b[H",
    "title": "\x1b]0;pwned\x07",
    "hyperlink": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "eight-bit CSI": "\x9b31m",
    "device control": "\x90q\x9c",
    "backspaces": "good\x08\x08\x08\x08evil",
    "carriage return": "vulnerable\rclean     ",
    "line feed": "a\nerror: forged",
    "separators": "a\u2028b\u2029c\x0b\x0cd\x85e",
    "bidirectional": "\u202egnp.exe\u2066\u2069",
    "workflow command": "::set-output name=x::y",
    "indented workflow command": "  ::add-mask::y",
    "old workflow command": "x ##[set-env name=PATH;]evil",
    "Azure": "##vso[task.setvariable variable=x]y",
    "TeamCity": "##teamcity[setParameter name='x' value='y']",
    "half a surrogate pair": "a\ud800b",
    "delete": "a\x7fb",
}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200e\u200f]")
_COMMAND = re.compile(r"^\s*::|##(\[|vso\[|teamcity\[)", re.MULTILINE)


def _hostile_scan(payload: str) -> Scan:
    finding = replace(
        SSL,
        vulnerability_id=payload,
        pkg_name=payload,
        pkg_path=f"x/{payload}",
        installed_version=payload,
        fixed_version=payload,
        status=payload,
        primary_url=payload,
        title=payload,
        severity=payload,
    )
    unfixed = replace(finding, fixed_version="", title="", description=payload)
    modified = ModifiedFinding(type=payload, status=payload, statement=payload, source=payload, finding=finding)
    result = Result(target=payload, type=payload, vulnerabilities=(finding, unfixed), modified_findings=(modified,))
    report = replace(
        a_report(),
        artifact_name=payload,
        artifact_type=payload,
        metadata=Metadata(os=OperatingSystem(family=payload, name=payload), repo_digests=(payload,)),
        results=(result,),
        coverage=Coverage(
            complete=False,
            issues=(Issue(code=IssueCode.FILE_MALFORMED, message=payload, path=payload),),
            not_analysed=(Unanalysed(kind=payload, count=2, examples=(payload,)),),
        ),
    )
    return replace(
        a_scan(report=report),
        database=replace(DATABASE, uri=payload, version=payload, updated_at=payload),
        invocation=Invocation(uri=payload, event_id=payload, builder_id=payload),
        started=payload,
        subject=payload,
    )


def _assert_harmless(text: str) -> None:
    assert _CONTROL.findall(text) == []
    assert _COMMAND.findall(text) == []


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("width", [0, 40, 100, 300])
def test_the_table_is_harmless(payload: str, width: int) -> None:
    written = rendered(_hostile_scan(payload), "table", Rendering(width=width, show_suppressed=True)).decode()
    _assert_harmless(written)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_the_only_escapes_of_a_coloured_table_are_its_own(payload: str) -> None:
    scan = _hostile_scan(payload)
    written = rendered(scan, "table", Rendering(width=100, colour=True, show_suppressed=True)).decode()
    _assert_harmless(re.sub(r"\x1b\[(?:0|1|2|31|32|33|34|36|1;31)m", "", written))


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_record_read_back_is_harmless(payload: str) -> None:
    record = rendered(_hostile_scan(payload), "cosign-vuln")
    _assert_harmless(render_summary_text(parse_record(record, DEFAULT_LIMITS), now="2026-12-01T00:00:00Z"))


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("name", ["json", "cosign-vuln"])
def test_documents_escape_what_json_must_and_keep_the_value(payload: str, name: str) -> None:
    written = rendered(_hostile_scan(payload), name).decode()
    assert re.search(r"[\x00-\x09\x0b-\x1f\u2028\u2029]", written) is None
    document = json.loads(written)
    report = document["scanner"]["result"] if name == "cosign-vuln" else document
    assert report["ArtifactName"] == payload.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_console_is_harmless(payload: str, log_format: str) -> None:
    recorded = recorded_console()
    recorded.console.configure(log_format=log_format)
    recorded.console.warn(payload, hint=payload)
    recorded.console.error(ValueError(payload))
    recorded.console.out(f"got {payload}")
    _assert_harmless(recorded.out)
    if log_format == "text":
        _assert_harmless(recorded.err)
        assert [line.partition(": ")[0] for line in recorded.err.splitlines()] == ["warning", "hint", "error"]
    else:
        assert recorded.err.isascii()
        assert len([json.loads(line) for line in recorded.err.splitlines()]) == 2
