"""GitLab's container scanning report ("Security report schemas", container scanning, 15.0.7).

As the reference's template writes it, with these rules:

1. The operating system's target says the image (its first word) and the system (what stands in its last brackets);
   without such a target both are `Unknown`, and an image is called by its own name.
2. Every identifier has the type `cve`, whatever its scheme: GitLab recognises a vulnerability it has seen before by
   type and value, so another type would show each of them as new.
3. Only web addresses become links, and what the schema does not allow is not written: names are cut at 255 characters,
   solutions at 7,000, descriptions at 1,048,576, and a severity of other words is `Unknown`.
4. Start and end are the scan's own, in UTC and whole seconds. What was not looked at is a message of the scan; the
   reference has no such thing.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from assaymark.model.finding import Finding
from assaymark.model.report import Report, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gojson import encode_go
from assaymark.report.inert import line, paragraphs, web_address
from assaymark.report.scanner import scanner_home
from assaymark.report.shortfall import shortfalls
from assaymark.report.wording import utc_seconds

_SEVERITIES: Final = {"LOW": "Low", "MEDIUM": "Medium", "HIGH": "High", "CRITICAL": "Critical"}
_UNKNOWN: Final = "Unknown"
_NAME_CHARS: Final = 255
_SOLUTION_CHARS: Final = 7_000
_DESCRIPTION_CHARS: Final = 1_048_576


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One report of one scan."""
    del rendering
    report = scan.report
    image, system = _place(report)
    document = {
        "version": "15.0.7",
        "scan": _scan(scan),
        "vulnerabilities": [
            _vulnerability(finding, image, system) for result in report.results for finding in result.vulnerabilities
        ],
        "remediations": [],
    }
    stream.write(encode_go(document) + b"\n")


def _place(report: Report) -> tuple[str, str]:
    """The image and its operating system; of several targets the last one speaks."""
    image = line(report.artifact_name) if report.artifact_type == "container_image" else ""
    system = ""
    for result in report.results:
        if result.class_ == "os-pkgs":
            image = line("".join(result.target.split()[:1])) or image
            system = line(result.target.rpartition("(")[2].removesuffix(")"))
    return image or _UNKNOWN, system or _UNKNOWN


def _scan(scan: Scan) -> dict[str, Any]:
    name, version = scan.report.scanner.name, scan.report.scanner.version
    analyzer = {"id": name.lower(), "name": name, "vendor": {"name": name}, "version": version}
    facts: dict[str, Any] = {
        "analyzer": analyzer,
        "end_time": utc_seconds(scan.finished),
        "scanner": analyzer | {"url": scanner_home(scan.report.scanner)},
        "start_time": utc_seconds(scan.started),
        "status": "success",
        "type": "container_scanning",
    }
    if messages := [{"level": "warn", "value": each.text} for each in shortfalls(scan.report.coverage)]:
        facts["messages"] = messages
    return facts


def _vulnerability(finding: Finding, image: str, system: str) -> dict[str, Any]:
    identifier, package = line(finding.vulnerability_id), line(finding.pkg_name)
    fixed = line(finding.fixed_version)
    dependency = {"package": {"name": package}, "version": line(finding.installed_version)}
    return {
        "id": identifier,
        "name": line(finding.title)[:_NAME_CHARS],
        "description": paragraphs(finding.description)[:_DESCRIPTION_CHARS],
        "severity": _SEVERITIES.get(finding.severity, _UNKNOWN),
        "solution": f"Upgrade {package} to {fixed}"[:_SOLUTION_CHARS] if fixed else "No solution provided",
        "location": {"dependency": dependency, "operating_system": system, "image": image},
        "identifiers": [_identifier(identifier, web_address(finding.primary_url))],
        "links": [{"url": address} for reference in finding.references if (address := web_address(reference))],
    }


def _identifier(identifier: str, address: str) -> dict[str, str]:
    named = {"type": "cve", "name": identifier, "value": identifier}
    return {**named, "url": address} if address else named


FORMAT: Final = Format(
    name="gitlab", media_type="application/json", summary="GitLab's container scanning report", write=write
)
