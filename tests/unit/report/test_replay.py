"""A recorded result and one that was made again: canonical bytes, and what exactly differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, SSL_AGAIN, UNFIXED, a_report, a_scan, rendered

from assaymark.errors import ArtifactError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.report import ScannerInfo
from assaymark.report.replay import (
    Kind,
    MemberChange,
    ReplayDifference,
    canonical,
    compare_replay,
    decoded_report,
    difference_words,
    recorded_result,
    replay_digest,
)

REPORT = a_report(APK_TOOLS, SSL, SSL_AGAIN, UNFIXED)
TARGET = "alpine:3.10 (alpine 3.10.4)"


def result() -> dict[str, Any]:
    return decoded_report(REPORT, limits=DEFAULT_LIMITS)


def findings(document: Any) -> Any:
    return document["Results"][0]["Vulnerabilities"]


def test_a_record_and_its_scan_are_equal() -> None:
    record = rendered(a_scan(report=REPORT), "cosign-vuln")
    compared = compare_replay(recorded_result(record, limits=DEFAULT_LIMITS), REPORT, limits=DEFAULT_LIMITS)
    assert (compared.is_equal, compared.differences, compared.findings, compared.packages) == (True, (), 4, 1)
    statement = b'{"_type":"x","predicate":%b}' % record
    assert recorded_result(statement, limits=DEFAULT_LIMITS) == result()
    assert recorded_result(rendered(a_scan(report=REPORT), "json"), limits=DEFAULT_LIMITS).keys() == result().keys()


def test_ids_times_and_the_program_are_aside() -> None:
    other = replace(REPORT, report_id="x", created_at="y", scanner=ScannerInfo(name="z", version="0"))
    assert compare_replay(result(), other, limits=DEFAULT_LIMITS).is_equal
    assert canonical(result()) == canonical(dict(reversed(list(result().items()))))
    assert replay_digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def one(change: Callable[[dict[str, Any]], object]) -> list[ReplayDifference]:
    document = result()
    change(document)
    compared = compare_replay(document, REPORT, limits=DEFAULT_LIMITS)
    assert not compared.is_equal
    return list(compared.differences)


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], ReplayDifference]] = {
    "a score deep inside a finding": (
        lambda document: findings(document)[0]["CVSS"]["nvd"].update(V3Score=1),
        ReplayDifference(
            about="finding",
            name="CVE-2021-36159 of apk-tools 2.10.4-r2",
            target=TARGET,
            changes=(MemberChange(member="CVSS.nvd.V3Score", recorded=1, replayed=9),),
        ),
    ),
    "the path tells a finding": (
        lambda document: findings(document)[3].pop("Status"),
        ReplayDifference(
            about="finding",
            name="CVE-2022-1 of requests 2.0 (usr/lib/python3/requests-2.0.dist-info/METADATA)",
            target=TARGET,
            changes=(MemberChange(member="Status", replayed="will_not_fix"),),
        ),
    ),
    "the second of two that are called the same": (
        lambda document: findings(document).append({**findings(document)[1], "Title": "again"}),
        ReplayDifference(
            about="finding", name="CVE-2020-1967 of libcrypto1.1 1.1.1d-r2", target=TARGET, kind=Kind.RECORDED
        ),
    ),
    "what a filter took out": (
        lambda document: document["Results"][0]["ExperimentalModifiedFindings"][0].update(Statement="agreed"),
        ReplayDifference(
            about="suppressed finding",
            name="CVE-2020-1967 of libcrypto1.1 1.1.1d-r2",
            target=TARGET,
            changes=(MemberChange(member="Statement", recorded="agreed", replayed=""),),
        ),
    ),
    "a package that is gone": (
        lambda document: document["Results"][0].pop("Packages"),
        ReplayDifference(about="package", name="apk-tools 2.10.4-r2", target=TARGET, kind=Kind.REPLAYED),
    ),
    "the result itself": (
        lambda document: document["Results"][0].update(Extra=1),
        ReplayDifference(about="report", target=TARGET, changes=(MemberChange(member="Extra", recorded=1),)),
    ),
    "the artifact": (
        lambda document: document["Metadata"].update(OS=None),
        ReplayDifference(
            about="report",
            changes=(
                MemberChange(member="Metadata.OS", replayed={"Family": "alpine", "Name": "3.10.4", "EOSL": True}),
            ),
        ),
    ),
}


@pytest.mark.parametrize(("change", "difference"), CHANGES.values(), ids=CHANGES.keys())
def test_one_change_is_one_difference(change: Callable[[dict[str, Any]], object], difference: ReplayDifference) -> None:
    assert one(change) == [difference]


def test_a_whole_result_on_one_side() -> None:
    differences = one(lambda document: document.pop("Results"))
    assert [(each.about, each.kind) for each in differences] == [
        ("report", Kind.REPLAYED),
        *[("finding", Kind.REPLAYED)] * 4,
        ("suppressed finding", Kind.REPLAYED),
        ("package", Kind.REPLAYED),
    ]


def test_results_that_are_no_results_are_told_and_not_stumbled_over() -> None:
    for odd in (3, [3], [{"Vulnerabilities": {"a": 1}}], [{"Vulnerabilities": [None, 1]}]):
        assert one(lambda document, odd=odd: document.update(Results=odd))  # type: ignore[misc]  # bound at once


def test_words_for_people() -> None:
    [difference] = one(lambda document: findings(document)[0].update(Title="x" * 300, Status=None))
    assert list(difference_words(difference)) == [
        f"finding CVE-2021-36159 of apk-tools 2.10.4-r2 in {TARGET}: changed",
        '  Status: absent in the record, "fixed" now',
        f'  Title: "{"x" * 199}… in the record, "libfetch: an out of boundary read" now',
    ]


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"scanner":{"result":3}}', b'{"predicate":{"scanner":{}}}'])
def test_what_holds_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError, match="holds no report"):
        recorded_result(data, limits=DEFAULT_LIMITS)


GOOD = '{"SchemaVersion":2}'


@pytest.mark.parametrize(
    "data",
    [
        '{"SchemaVersion":2,"SchemaVersion":2}',
        f'{{"predicate":{{"scanner":{{"result":{GOOD}}}}},"scanner":{{"result":{GOOD}}}}}',
        f'{{"scanner":{{"result":{GOOD}}},"SchemaVersion":2}}',
        f'{{"SchemaVersion":2,"result":{GOOD}}}',
        f'{{"scanner":{{"result":{GOOD},"SchemaVersion":2}}}}',
    ],
    ids=["a member twice", "a record in a record", "a report around a record", "in a report", "beside a report"],
)
def test_what_can_be_read_in_two_ways_is_refused(data: str) -> None:
    """What is replayed must be what everybody else reads: a signer may show each reader another report."""
    with pytest.raises(ArtifactError):
        recorded_result(data.encode(), limits=DEFAULT_LIMITS)
