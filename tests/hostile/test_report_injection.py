"""Names, titles and messages that try to steer a terminal, a build log or a reader's eye (CWE-150, CVE-2021-42574)."""

from __future__ import annotations

import json
import re

import pytest
from tests.support.consoles import recorded_console
from tests.support.payloads import TERMINAL, hostile_scan
from tests.support.scans import rendered

from assaymark.limits import DEFAULT_LIMITS
from assaymark.report.format import Rendering
from assaymark.report.record import parse_record
from assaymark.report.record_text import render_summary_text

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200e\u200f]")
_COMMAND = re.compile(r"^\s*::|##(\[|vso\[|teamcity\[)", re.MULTILINE)


def _assert_harmless(text: str) -> None:
    assert _CONTROL.findall(text) == []
    assert _COMMAND.findall(text) == []


@pytest.mark.parametrize("payload", TERMINAL.values(), ids=TERMINAL)
@pytest.mark.parametrize("width", [0, 40, 100, 300])
def test_the_table_is_harmless(payload: str, width: int) -> None:
    written = rendered(hostile_scan(payload), "table", Rendering(width=width, show_suppressed=True)).decode()
    _assert_harmless(written)


@pytest.mark.parametrize("payload", TERMINAL.values(), ids=TERMINAL)
def test_the_only_escapes_of_a_coloured_table_are_its_own(payload: str) -> None:
    scan = hostile_scan(payload)
    written = rendered(scan, "table", Rendering(width=100, colour=True, show_suppressed=True)).decode()
    _assert_harmless(re.sub(r"\x1b\[(?:0|1|2|31|32|33|34|36|1;31)m", "", written))


@pytest.mark.parametrize("payload", TERMINAL.values(), ids=TERMINAL)
def test_a_record_read_back_is_harmless(payload: str) -> None:
    record = rendered(hostile_scan(payload), "cosign-vuln")
    _assert_harmless(render_summary_text(parse_record(record, DEFAULT_LIMITS), now="2026-12-01T00:00:00Z"))


@pytest.mark.parametrize("payload", TERMINAL.values(), ids=TERMINAL)
@pytest.mark.parametrize("name", ["json", "cosign-vuln"])
def test_documents_escape_what_json_must_and_keep_the_value(payload: str, name: str) -> None:
    written = rendered(hostile_scan(payload), name).decode()
    assert re.search(r"[\x00-\x09\x0b-\x1f\u2028\u2029]", written) is None
    document = json.loads(written)
    report = document["scanner"]["result"] if name == "cosign-vuln" else document
    assert report["ArtifactName"] == payload.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("payload", TERMINAL.values(), ids=TERMINAL)
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
