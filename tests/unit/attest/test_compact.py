"""Records in short: what stays, what goes, and that both directions agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.support.large_scans import large_scan
from tests.support.scans import APK_TOOLS, DATABASE, INCOMPLETE, UNFIXED, a_scan, rendered

from assaymark.attest.compact import (
    REPORT_TYPE,
    compact_record,
    describe_report,
    find_full_report,
    is_short_of,
    parts_of,
    whole_record,
)
from assaymark.attest.vuln import check_record
from assaymark.errors import ArtifactError, SigningError
from assaymark.limits import Limits

RECORD = rendered(a_scan(APK_TOOLS, UNFIXED, coverage=INCOMPLETE), "cosign-vuln")


def changed(change: Callable[[Any], object], record: bytes = RECORD) -> bytes:
    document = msgspec.json.decode(record)
    change(document)
    return msgspec.json.encode(document)


def result_of(predicate: bytes) -> Any:
    return msgspec.json.decode(predicate)["scanner"]["result"]


def test_everything_around_the_result_stays() -> None:
    full, short = msgspec.json.decode(RECORD), msgspec.json.decode(compact_record(RECORD).predicate)
    for document in (full, short):
        del document["scanner"]["result"]
    assert short == full
    assert short["scanner"]["db"] == {"uri": DATABASE.uri, "version": DATABASE.version}


def test_a_finding_keeps_what_decisions_need() -> None:
    found = result_of(compact_record(RECORD).predicate)["Results"][0]
    assert found["Vulnerabilities"] == [
        {
            "VulnerabilityID": "CVE-2021-36159",
            "PkgName": "apk-tools",
            "PkgIdentifier": {"PURL": "pkg:apk/alpine/apk-tools@2.10.4-r2?arch=x86_64&distro=3.10.4"},
            "InstalledVersion": "2.10.4-r2",
            "FixedVersion": "2.10.7-r0",
            "Status": "fixed",
            "Layer": {"DiffID": "sha256:" + "cd" * 32},
            "Severity": "CRITICAL",
        },
        {
            "VulnerabilityID": "CVE-2022-1",
            "PkgName": "requests",
            "PkgPath": "usr/lib/python3/requests-2.0.dist-info/METADATA",
            "InstalledVersion": "2.0",
            "Status": "will_not_fix",
            "Severity": "UNKNOWN",
        },
    ]
    assert {name: found[name] for name in ("Target", "Class", "Type")} == {
        "Target": "alpine:3.10 (alpine 3.10.4)",
        "Class": "os-pkgs",
        "Type": "alpine",
    }
    (modified,) = found["ExperimentalModifiedFindings"]
    assert (modified["Source"], modified["Finding"]["VulnerabilityID"]) == (".trivyignore", "CVE-2020-1967")
    assert "Packages" not in found


def test_the_full_report_is_the_result_without_white_space() -> None:
    compacted = compact_record(RECORD)
    named = describe_report(compacted.report)
    assert msgspec.json.decode(compacted.report) == result_of(RECORD)
    assert find_full_report(compacted.predicate) == named
    assert result_of(compacted.predicate)["FullReport"] == {
        "MediaType": REPORT_TYPE,
        "Digest": named.digest,
        "Size": len(compacted.report),
    }


def test_the_record_can_be_put_together_again() -> None:
    compacted = compact_record(RECORD)
    assert msgspec.json.decode(whole_record(compacted.predicate, compacted.report)) == msgspec.json.decode(RECORD)


def test_both_directions_agree() -> None:
    compacted = compact_record(RECORD)
    assert is_short_of(compacted.predicate, compacted.report)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda report: report["Results"][0]["Vulnerabilities"].pop(), id="a finding less"),
        pytest.param(
            lambda report: report["Results"][0]["Vulnerabilities"][0].update(Severity="LOW"), id="another severity"
        ),
        pytest.param(lambda report: report["Results"][0].update(Target="another"), id="another target"),
        pytest.param(lambda report: report["Results"].append({"Target": "more"}), id="a result more"),
        pytest.param(lambda report: report.update(ArtifactName="another"), id="another artifact"),
        pytest.param(lambda report: report["Coverage"].update(Complete=True), id="a scan that was complete"),
    ],
)
def test_a_report_with_other_findings_is_another_report(change: Callable[[Any], object]) -> None:
    compacted = compact_record(RECORD)
    report = msgspec.json.decode(compacted.report)
    change(report)
    assert not is_short_of(compacted.predicate, msgspec.json.encode(report))


def test_texts_of_findings_are_not_compared() -> None:
    compacted = compact_record(RECORD)
    report = msgspec.json.decode(compacted.report)
    report["Results"][0]["Vulnerabilities"][0]["Title"] = "another"
    assert is_short_of(compacted.predicate, msgspec.json.encode(report))


def test_of_many_issues_the_first_of_each_kind_stays() -> None:
    issue = {"Code": "FILE_MALFORMED", "Message": "not JSON", "Path": "{}", "Blocking": True}
    listed = [issue | {"Path": f"file-{number}"} for number in range(3)] + [issue | {"Code": "FILE_UNREADABLE"}]
    record = changed(lambda document: document["scanner"]["result"]["Coverage"].update(Issues=listed))
    compacted = compact_record(record)
    coverage = result_of(compacted.predicate)["Coverage"]
    assert coverage == {"Complete": False, "Issues": [listed[0], listed[3]]}
    assert is_short_of(compacted.predicate, compacted.report)


def test_what_stops_a_signature_is_still_seen() -> None:
    def judge(record: bytes) -> str:
        with pytest.raises(SigningError) as caught:
            check_record(msgspec.json.decode(record), record, image=None, allowed=frozenset())
        return caught.value.reason

    assert judge(compact_record(RECORD).predicate) == judge(RECORD) == "SCAN_INCOMPLETE"


def test_a_record_of_the_reference_with_its_nulls() -> None:
    def change(document: Any) -> None:
        report = document["scanner"]["result"]
        report["Trivy"] = {"Version": "0.70.0"}
        del report["Scanner"], report["Coverage"]
        report["Results"].append({"Target": "empty", "Vulnerabilities": None, "Packages": None})

    compacted = compact_record(changed(change))
    short = result_of(compacted.predicate)
    assert (short["Trivy"], short["Results"][1]) == ({"Version": "0.70.0"}, {"Target": "empty"})
    assert is_short_of(compacted.predicate, compacted.report)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        pytest.param(b'{"scanner":{"result":[1]}}', "another shape", id="a result that is a list"),
        pytest.param(b'{"scanner":{"result":{"N":1}}}', "another shape", id="a result of another scanner"),
        pytest.param(b'{"scanner":{"result":{"SchemaVersion":1}}}', "the schema 1", id="an older schema"),
        pytest.param(b"{}", "another shape", id="no scanner"),
        pytest.param(compact_record(RECORD).predicate, "compact already", id="a compact record"),
    ],
)
def test_what_cannot_be_compact(record: bytes, why: str) -> None:
    with pytest.raises(SigningError, match=why) as caught:
        compact_record(record)
    assert caught.value.reason == "NOT_COMPACTABLE"


def test_a_record_that_is_too_large() -> None:
    limits = Limits(json_bytes=100, attestation_bytes=200)
    with pytest.raises(SigningError, match="more than the 200") as caught:
        compact_record(RECORD, limits=limits)
    assert caught.value.reason == "NOT_COMPACTABLE"
    compacted = compact_record(RECORD)
    with pytest.raises(ArtifactError, match="more than the 200"):
        is_short_of(compacted.predicate, compacted.report, limits=limits)


def test_without_the_flag_a_record_stays_whole() -> None:
    parts = parts_of(RECORD, compact=False)
    assert (parts.predicate, parts.report) == (RECORD, b"")


@pytest.mark.parametrize(
    "predicate",
    [
        pytest.param(RECORD, id="a full record"),
        pytest.param(b'{"scanner":{"result":["\\"FullReport\\""]}}', id="a result that is a list"),
        pytest.param(b'{"scanner":{"result":{"FullReport":null}}}', id="null"),
        pytest.param(b'{"Data":"\\"FullReport\\""}', id="another predicate"),
        pytest.param(b'"text"', id="text"),
    ],
)
def test_predicates_without_a_full_report(predicate: bytes) -> None:
    assert find_full_report(predicate) is None


@pytest.mark.parametrize(
    ("full", "why"),
    [
        pytest.param({"MediaType": REPORT_TYPE}, "no descriptor", id="no digest"),
        pytest.param("sha256:00", "no descriptor", id="text"),
        pytest.param({"MediaType": REPORT_TYPE, "Digest": "sha256:0", "Size": 1}, "no digest", id="a short digest"),
        pytest.param({"MediaType": "text/html", "Digest": "", "Size": 1}, "the type", id="another type"),
        pytest.param({"MediaType": REPORT_TYPE, "Digest": "", "Size": -1}, "the type", id="less than nothing"),
    ],
)
def test_what_is_no_full_report(full: Any, why: str) -> None:
    predicate = msgspec.json.encode({"scanner": {"result": {"FullReport": full}}})
    with pytest.raises(ValueError, match=why):
        find_full_report(predicate)


def test_ten_thousand_findings_fit_into_a_log() -> None:
    record = rendered(large_scan(10_000), "cosign-vuln")
    compacted = compact_record(record)
    assert len(record) > 20_000_000
    assert len(compacted.predicate) * 4 / 3 < Limits().log_upload_bytes
