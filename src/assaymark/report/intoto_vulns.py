"""The in-toto vulnerability predicate, to be signed with `--type https://in-toto.io/attestation/vulns/v0.2`.

Specification: in-toto attestation framework, `spec/predicates/vulns_02.md`. Every vulnerability of every package is one
entry of `result`, so an empty list means that nothing was found; what is behind an entry (package, target, fix) is its
annotation. Severities are told twice: the word, with the source that gave it, and that source's CVSS v3 score.

The specification has no place for what was not looked at, and an empty list would promise too much without it: it is
`assaymark_coverage`, a field that other readers ignore, as the framework wants it ("Parsing rules", extension fields).
Times are the scan's own; a database without a date has Go's zero time, which its readers know as unknown. No line feed
ends the document: what is written is what gets signed.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.finding import Finding
from assaymark.model.issue import Coverage
from assaymark.model.moment import parse_time
from assaymark.model.report import Result, Scan
from assaymark.report.cosign_vuln import coverage_parameter
from assaymark.report.format import Format, Rendering
from assaymark.report.gojson import encode_go
from assaymark.report.inert import line, package_address, web_address
from assaymark.report.scanner import scanner_purl

PREDICATE_TYPE: Final = "https://in-toto.io/attestation/vulns/v0.2"
_ZERO_TIME: Final = "0001-01-01T00:00:00Z"


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The predicate's exact bytes."""
    del rendering
    report = scan.report
    scanner: dict[str, Any] = {
        "uri": scanner_purl(report.scanner),
        "version": report.scanner.version,
        "db": _database(scan.database),
        "result": [_entry(finding, result) for result in report.results for finding in result.vulnerabilities],
    }
    if report.coverage is not None:
        scanner["assaymark_coverage"] = _coverage(report.coverage)
    times = {"scanStartedOn": _time(scan.started), "scanFinishedOn": _time(scan.finished)}
    stream.write(encode_go({"scanner": scanner, "metadata": times}))


def _coverage(coverage: Coverage) -> dict[str, Any]:
    told = coverage_parameter(coverage)
    return {**told, "notAnalysed": {line(kind): count for kind, count in told["notAnalysed"].items()}}


def _time(text: str) -> str:
    return text if parse_time(text) else _ZERO_TIME


def _database(database: DatabaseInfo) -> dict[str, str]:
    known = {"uri": line(database.uri), "version": line(database.version)}
    return {key: value for key, value in known.items() if value} | {"lastUpdate": _time(database.updated_at)}


def _entry(finding: Finding, result: Result) -> dict[str, Any]:
    source = finding.severity_source
    severity = [{"method": line(source) or "unknown", "score": line(finding.severity).lower()}]
    cvss = finding.cvss.get(source)
    if cvss is not None and cvss.v3_score:
        severity.append({"method": "cvss_score", "score": f"{cvss.v3_score:.1f}"})
    facts = {
        "target": line(result.target),
        "package": line(finding.pkg_name),
        "version": line(finding.installed_version),
        "path": line(finding.pkg_path),
        "purl": package_address(finding.pkg_identifier.purl),
        "fixedVersion": line(finding.fixed_version),
        "status": line(finding.status),
        "title": line(finding.title),
        "url": web_address(finding.primary_url),
    }
    annotation = {key: value for key, value in facts.items() if value}
    return {"id": line(finding.vulnerability_id), "severity": severity, "annotations": [annotation]}


FORMAT: Final = Format(
    name="intoto-vulns",
    media_type="application/json",
    summary="in-toto's vulnerability predicate, ready to be signed",
    write=write,
)
