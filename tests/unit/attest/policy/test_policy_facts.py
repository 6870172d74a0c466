"""What policies know of a vulnerability record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.support.policies import finding, record

from assaymark.attest.policy.facts import INTOTO_TYPE, Facts, RecordedFinding, read_facts, read_times
from assaymark.errors import VerificationError


def read(document: dict[str, Any]) -> Facts:
    return read_facts(msgspec.json.encode(document))


def test_a_whole_record() -> None:
    flags = {"severity": ["HIGH", "CRITICAL"], "ignore-unfixed": True, "pkg-types": ["os"], "skip-dirs": []}
    found = [finding("CVE-2024-0001", "HIGH", fixed="2", aliases=("DSA-1",)), finding("CVE-2024-0002", "odd")]
    facts = read(record(found, complete=True, flags=flags, vex=[{"file": "v.json"}]))
    assert facts == Facts(
        findings=(
            RecordedFinding(
                id="CVE-2024-0001", package="openssl", installed="1", fixed="2", severity="HIGH", aliases=("DSA-1",)
            ),
            RecordedFinding(id="CVE-2024-0002", package="openssl", installed="1"),
        ),
        finished=datetime(2026, 6, 1, 12, tzinfo=UTC),
        database_time=datetime(2026, 6, 1, tzinfo=UTC),
        complete=True,
        severities=("HIGH", "CRITICAL"),
        fixable_only=True,
        filters=("VEX", "`--pkg-types`"),
    )


def test_an_empty_record_says_nothing() -> None:
    assert read({}) == Facts()


RESULTS: dict[str, tuple[Any, tuple[RecordedFinding, ...] | None]] = {
    "no results": ({"SchemaVersion": 2}, ()),
    "null, as Go writes an empty list": ({"SchemaVersion": 2, "Results": None}, ()),
    "a target without findings": ({"SchemaVersion": 2, "Results": [{"Target": "a"}]}, ()),
    "another scanner's result": ({"matches": []}, None),
    "another version of the report": ({"SchemaVersion": 3, "Results": []}, None),
    "a list": ([], None),
    "nothing": (None, None),
    "results that are no list": ({"SchemaVersion": 2, "Results": {"a": 1}}, None),
    "a result that is no object": ({"SchemaVersion": 2, "Results": ["a"]}, None),
    "findings that are no list": ({"SchemaVersion": 2, "Results": [{"Vulnerabilities": 1}]}, None),
    "a finding that is no object": ({"SchemaVersion": 2, "Results": [{"Vulnerabilities": [1]}]}, None),
    "results in another letter case": ({"SchemaVersion": 2, "results": []}, None),
    "findings in another letter case": ({"SchemaVersion": 2, "Results": [{"vulnerabilities": []}]}, None),
    "a severity in another letter case": (
        {"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"severity": "LOW"}]}]},
        None,
    ),
}


@pytest.mark.parametrize(("result", "findings"), RESULTS.values(), ids=RESULTS.keys())
def test_findings_are_known_or_not(result: Any, findings: tuple[RecordedFinding, ...] | None) -> None:
    assert read({"scanner": {"result": result}}).findings == findings


DATABASES: dict[str, tuple[dict[str, Any], dict[str, Any], datetime | None]] = {
    "in-toto's name": ({"lastUpdate": "2026-05-01T00:00:00Z"}, {}, datetime(2026, 5, 1, tzinfo=UTC)),
    "our own parameter": ({"version": "2"}, {"updatedAt": "2026-05-02T00:00:00Z"}, datetime(2026, 5, 2, tzinfo=UTC)),
    "a day in the version": ({"version": "2; built 2026-05-03"}, {}, datetime(2026, 5, 3, tzinfo=UTC)),
    "nothing": ({"version": "2"}, {}, None),
    "Go's zero time": ({"lastUpdate": "0001-01-01T00:00:00Z"}, {}, None),
    "the end of time": ({"lastUpdate": "9999-12-31T23:59:59-12:00"}, {}, None),
    "a number": ({"lastUpdate": 5}, {}, None),
}


@pytest.mark.parametrize(("database", "told", "moment"), DATABASES.values(), ids=DATABASES.keys())
def test_the_database_is_dated(database: dict[str, Any], told: dict[str, Any], moment: datetime | None) -> None:
    document = {"invocation": {"parameters": {"database": told}}, "scanner": {"db": database}}
    assert read(document).database_time == moment


COVERAGES: dict[str, tuple[dict[str, Any], dict[str, Any], bool | None]] = {
    "both say so": ({"complete": True}, {"Complete": True}, True),
    "one says no": ({"complete": True}, {"Complete": False}, False),
    "the other says no": ({"complete": False}, {"Complete": True}, False),
    "the report alone": ({}, {"Complete": True}, True),
    "nobody": ({}, {}, None),
    "a text": ({"complete": "true"}, {}, None),
}


@pytest.mark.parametrize(("stated", "report", "complete"), COVERAGES.values(), ids=COVERAGES.keys())
def test_completeness_needs_a_yes_and_no_no(
    stated: dict[str, Any], report: dict[str, Any], complete: bool | None
) -> None:
    document = {"invocation": {"parameters": {"coverage": stated}}, "scanner": {"result": {"Coverage": report}}}
    assert read(document).complete is complete


@pytest.mark.parametrize(
    "document", [b'{"a":1,"a":2}', b"[]", b"{", b'{"Scanner":{}}', b'{"metadata":{"ScanFinishedOn":""}}']
)
def test_what_can_be_read_in_two_ways_is_refused(document: bytes) -> None:
    with pytest.raises(VerificationError) as raised:
        read_facts(document)
    assert raised.value.reason in {"PREDICATE_MALFORMED", "DUPLICATE_KEYS"}


INTOTO: dict[str, tuple[Any, tuple[RecordedFinding, ...] | None]] = {
    "nothing was found": ([], ()),
    "as we write it": (
        [
            {
                "id": "CVE-2024-0001",
                "severity": [{"method": "nvd", "score": "high"}, {"method": "cvss_score", "score": "7.5"}],
                "annotations": [{"package": "openssl", "version": "1", "fixedVersion": "2", "target": "os"}],
            }
        ],
        (RecordedFinding(id="CVE-2024-0001", package="openssl", installed="1", fixed="2", severity="HIGH"),),
    ),
    "the worst of two words": (
        [{"id": "A-1", "severity": [{"method": "a", "score": "low"}, {"method": "b", "score": "CRITICAL"}]}],
        (RecordedFinding(id="A-1", package="", severity="CRITICAL"),),
    ),
    "a score without a word": (
        [{"id": "A-1", "severity": [{"method": "cvss_score", "score": "9.8"}]}],
        (RecordedFinding(id="A-1", package=""),),
    ),
    "no list": ({"id": "A-1"}, None),
    "nothing at all": (None, None),
    "entries that are none": (["A-1"], None),
    "another letter case": ([{"ID": "A-1"}], None),
    "a report of ours": ({"SchemaVersion": 2}, None),
}


@pytest.mark.parametrize(("result", "findings"), INTOTO.values(), ids=INTOTO.keys())
def test_in_totos_predicate(result: Any, findings: tuple[RecordedFinding, ...] | None) -> None:
    document = {"scanner": {"result": result, "assaymark_coverage": {"complete": True}}}
    facts = read_facts(msgspec.json.encode(document), INTOTO_TYPE)
    assert (facts.findings, facts.complete) == (findings, True)


def test_times_alone() -> None:
    assert read_times(msgspec.json.encode(record([]))) == Facts(finished=datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert read_times(b"{}") == Facts()
    assert read_times(b"[]") is None
