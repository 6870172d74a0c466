"""GitLab's code quality report: a list of issues in the style of Code Climate.

Specification: "Code Climate Engine Specification", issues, and "Code Quality" in GitLab's documentation. As the
reference's template writes it: the fingerprint is the SHA-1 of identifier, package, version and target, put together
without separators, so GitLab recognises what an earlier scan by the reference found; severities are `info` to
`critical`; the place is the target, line 0.
"""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO, Final

from assaymark.model.finding import Finding
from assaymark.model.report import Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gojson import encode_go
from assaymark.report.inert import line, paragraphs

_SEVERITIES: Final = {"LOW": "info", "MEDIUM": "minor", "HIGH": "major", "CRITICAL": "critical"}


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One issue for each finding."""
    del rendering
    issues = [_issue(finding, result.target) for result in scan.report.results for finding in result.vulnerabilities]
    stream.write(encode_go(issues) + b"\n")


def _issue(finding: Finding, target: str) -> dict[str, Any]:
    parts = (finding.vulnerability_id, finding.pkg_name, finding.installed_version)
    return {
        "type": "issue",
        "check_name": "container_scanning",
        "categories": ["Security"],
        "description": " - ".join(line(part) for part in (*parts, finding.title)),
        "fingerprint": _fingerprint("".join((*parts, target))),
        "content": paragraphs(finding.description),
        "severity": _SEVERITIES.get(finding.severity, "info"),
        "location": {"path": line(target), "lines": {"begin": 0}},
    }


def _fingerprint(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


FORMAT: Final = Format(
    name="gitlab-codequality", media_type="application/json", summary="GitLab's code quality report", write=write
)
