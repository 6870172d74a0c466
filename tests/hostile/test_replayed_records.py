"""Records that were made to hurt whoever makes their scan again: bounded, told in one line each, and never obeyed."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from tests.support.scans import APK_TOOLS, a_report

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.report.plain import shown
from assaymark.report.replay import compare_replay, decoded_report, difference_words, recorded_result

REPORT = a_report(APK_TOOLS)
SECONDS = 20.0


def result() -> dict[str, Any]:
    return decoded_report(REPORT, limits=DEFAULT_LIMITS)


def record(changed: Any) -> bytes:
    return json.dumps({"scanner": {"result": changed}}).encode()


def test_nesting_is_bounded_before_anything_is_built() -> None:
    deep = b'{"SchemaVersion":2,"Results":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    with pytest.raises(LimitError):
        recorded_result(deep, limits=DEFAULT_LIMITS)


def test_as_deep_as_may_be_is_compared() -> None:
    document = result()
    inner: Any = 1
    for _ in range(DEFAULT_LIMITS.json_depth - 20):
        inner = {"a": inner}
    document["Results"][0]["Vulnerabilities"][0]["Custom"] = inner
    document["Results"][0]["Vulnerabilities"][0]["PkgName"] = inner
    compared = compare_replay(recorded_result(record(document), limits=DEFAULT_LIMITS), REPORT, limits=DEFAULT_LIMITS)
    assert not compared.is_equal
    assert all(len(line) < 6_000 for each in compared.differences for line in difference_words(each))


def test_size_is_bounded() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, report_bytes=1_000)
    with pytest.raises(LimitError):
        recorded_result(record(result()), limits=limits)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"scanner":{"result":{"SchemaVersion":2}},"scanner":{}}', id="two scanners"),
        pytest.param(b'{"SchemaVersion":2,"A":NaN}', id="no number"),
        pytest.param(b'{"SchemaVersion":2,"A":"\\ud800"}', id="half a character"),
        pytest.param(b'\xff{"SchemaVersion":2}', id="no text"),
    ],
)
def test_what_reads_in_two_ways_is_not_compared(data: bytes) -> None:
    with pytest.raises(ArtifactError):
        recorded_result(data, limits=DEFAULT_LIMITS)


def test_a_hundred_thousand_findings_of_one_name_take_no_square_of_that() -> None:
    document = result()
    finding = document["Results"][0]["Vulnerabilities"][0]
    document["Results"][0]["Vulnerabilities"] = [finding] * 100_000
    started = time.process_time()
    compared = compare_replay(document, REPORT, limits=DEFAULT_LIMITS)
    assert len(compared.differences) == 99_999
    assert time.process_time() - started < SECONDS


def test_names_move_no_cursor_and_begin_no_line() -> None:
    document = result()
    document["Results"][0]["Vulnerabilities"][0] |= {"PkgName": "a\x1b[2J\nb\u202e", "VulnerabilityID": "::error::x"}
    compared = compare_replay(document, REPORT, limits=DEFAULT_LIMITS)
    lines = [shown(f"  {line}") for each in compared.differences for line in difference_words(each)]
    assert not [line for line in lines if any(ord(character) < 32 or character == "\u202e" for character in line)]


def test_odd_types_everywhere() -> None:
    odds: tuple[Any, ...] = (None, True, 0, "x", [], [[]], {}, {"a": []})
    for odd in odds:
        for member in ("Results", "Metadata", "Coverage", "SchemaVersion"):
            document = {**result(), member: odd}
            assert not compare_replay(document, REPORT, limits=DEFAULT_LIMITS).is_equal
        for member in ("Target", "Class", "Packages", "Vulnerabilities", "ExperimentalModifiedFindings"):
            document = result()
            document["Results"][0][member] = odd
            compared = compare_replay(document, REPORT, limits=DEFAULT_LIMITS)
            assert compared.differences
