from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, UNFIXED, a_scan, rendered

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.report import Invocation, Result, Scan, ScannerInfo
from assaymark.report.format import Rendering
from assaymark.report.stored import StoredScan, read_stored_scan

CASES = Path(__file__).parents[3].parent / "shared" / "parity" / "cases.tar.xz"
WHOLE = a_scan(APK_TOOLS, SSL, UNFIXED, coverage=INCOMPLETE)
EVERYTHING = Rendering(show_suppressed=True)


def stored(document: Any) -> StoredScan:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_stored_scan(data, limits=DEFAULT_LIMITS, what="a.json")


def report_alone(scan: Scan) -> Scan:
    """What a report tells of a scan: when it was made, and nothing of its surroundings."""
    created = scan.report.created_at
    return Scan(report=scan.report, invocation=Invocation(), database=DatabaseInfo(), started=created, finished=created)


def test_a_report_is_read_back_as_it_was() -> None:
    assert StoredScan(scan=report_alone(WHOLE)) == stored(rendered(WHOLE, "json", EVERYTHING))


def test_a_record_is_read_back_with_its_times_its_database_and_who_asked() -> None:
    assert StoredScan(scan=replace(WHOLE, subject=""), is_record=True) == stored(rendered(WHOLE, "cosign-vuln"))


def test_a_record_that_is_written_again_has_the_same_bytes() -> None:
    written = rendered(WHOLE, "cosign-vuln")
    assert written == rendered(stored(written).scan, "cosign-vuln")


def test_the_predicate_of_a_statement_is_a_record() -> None:
    record = json.loads(rendered(WHOLE, "cosign-vuln"))
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "…", "predicate": record}
    assert stored(record) == stored(statement)


def test_a_blank_record_of_the_reference_keeps_its_blanks() -> None:
    report = json.loads(rendered(WHOLE, "json", EVERYTHING))
    del report["Scanner"]
    record = {
        "invocation": {"parameters": None, "uri": "", "event_id": "", "builder.id": ""},
        "scanner": {"uri": "", "version": "0.74.0", "db": {"uri": "", "version": ""}, "result": report},
        "metadata": {"scanStartedOn": "2026-08-15T10:00:01Z", "scanFinishedOn": "2026-08-15T10:00:01Z"},
    }
    report["Trivy"] = {"Version": "0.74.0"}
    scan = replace(
        report_alone(WHOLE),
        report=replace(WHOLE.report, scanner=ScannerInfo(name="Trivy", version="0.74.0")),
        started="2026-08-15T10:00:01Z",
        finished="2026-08-15T10:00:01Z",
    )
    assert StoredScan(scan=scan, is_record=True) == stored(record)
    assert b"pkg:github/aquasecurity/trivy@0.74.0" in rendered(scan, "cosign-vuln")


def test_null_is_what_is_not_there_but_for_the_image_configuration() -> None:
    config = {"architecture": "amd64", "config": {"Volumes": None}}
    report: dict[str, Any] = {"SchemaVersion": 2, "ArtifactName": "old", "Metadata": {"ImageConfig": config}}
    finding = {"VulnerabilityID": "CVE-2020-1", "PkgName": "a", "InstalledVersion": "1", "Severity": "LOW"}
    result = {"Target": "a", "Class": "lang-pkgs", "Vulnerabilities": [finding]}
    nulls = {
        **report,
        "Metadata": {"ImageConfig": config, "OS": None, "DiffIDs": None, "RepoTags": None},
        "Results": [
            {**result, "Packages": None, "Vulnerabilities": [{**finding, "References": None, "CVSS": None}]},
            {"Target": "b", "Class": "lang-pkgs", "Vulnerabilities": None},
        ],
    }
    read = stored(nulls)
    assert stored({**report, "Results": [result, {"Target": "b", "Class": "lang-pkgs"}]}) == read
    assert config == read.scan.report.metadata.image_config
    assert stored(report) == stored({**report, "Results": None})


def test_members_that_nobody_knows_may_be_nested_as_deep_as_the_bounds_allow() -> None:
    deep = b'{"SchemaVersion":2,"Unknown":' + b'{"a":[' * 250 + b"null" + b"]}" * 250 + b"}"
    assert stored({"SchemaVersion": 2}) == stored(deep)


def test_results_that_are_no_packages_are_left_out_and_counted() -> None:
    report = json.loads(rendered(WHOLE, "json", EVERYTHING))
    report["Results"] += [
        {"Target": "etc/key", "Class": "secret", "Secrets": [{"RuleID": "x"}]},
        {"Target": "a", "Class": "secret"},
        {"Target": "Dockerfile", "Class": "config", "Misconfigurations": [{}]},
    ]
    expected = StoredScan(scan=report_alone(WHOLE), left_out={"secret": 2, "config": 1})
    assert expected == stored(report)


def test_an_old_report_without_identifier_and_time_is_read() -> None:
    found = stored({"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Target": "t", "Class": "lang-pkgs"}]})
    assert found.scan.report.scanner == ScannerInfo(name="Trivy", version="")
    assert found.scan.report.results == (Result(target="t", class_="lang-pkgs"),)
    assert found.scan.started == ""


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param([], "no report that is known", id="a list"),
        pytest.param({}, "no report that is known", id="an empty object"),
        pytest.param({"SchemaVersion": 1}, "no report that is known", id="another schema"),
        pytest.param({"payloadType": "a", "payload": ""}, "was not verified", id="an envelope"),
        pytest.param({"mediaType": "b", "dsseEnvelope": {}}, "was not verified", id="a bundle"),
        pytest.param({"scanner": {"result": {"SchemaVersion": 3}}}, "a format that is not read", id="a foreign result"),
        pytest.param({"scanner": {"result": []}}, "a format that is not read", id="a result that is a list"),
        pytest.param({"SchemaVersion": 2, "Results": {}}, "another shape", id="results that are no list"),
        pytest.param({"SchemaVersion": 2, "CreatedAt": 5}, "another shape", id="a time that is a number"),
        pytest.param(
            {"scanner": {"result": {"SchemaVersion": 2}}, "invocation": []}, "another shape", id="a list for who asked"
        ),
        pytest.param(b"{", "not JSON", id="half a document"),
    ],
)
def test_what_is_no_report_is_refused(document: Any, words: str) -> None:
    with pytest.raises(ArtifactError, match=words):
        stored(document)


def test_a_statement_that_is_also_a_record_is_refused() -> None:
    record = json.loads(rendered(a_scan(APK_TOOLS), "cosign-vuln"))
    for outer in (record, record["scanner"]["result"]):
        with pytest.raises(ArtifactError, match="in several ways"):
            read_stored_scan(json.dumps(outer | {"predicate": record}).encode(), limits=DEFAULT_LIMITS, what="a")


def test_a_report_that_is_too_long_is_refused() -> None:
    with pytest.raises(LimitError):
        read_stored_scan(b" " * 11, limits=replace(DEFAULT_LIMITS, report_bytes=10), what="a.json")


def _recorded() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(CASES, "r|xz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith("/trivy.json") else None
            if stream is not None:
                yield member.name, stream.read()


@pytest.mark.slow
@pytest.mark.skipif(not CASES.exists(), reason="the recorded cases are not beside the repository")
def test_every_recorded_report_of_the_reference_is_read() -> None:
    for name, data in _recorded():
        scan = stored(data).scan
        assert scan.report.scanner == ScannerInfo(name="Trivy", version="0.73.0"), name
        assert scan.started == json.loads(data)["CreatedAt"], name
