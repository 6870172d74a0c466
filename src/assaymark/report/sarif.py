r"""SARIF 2.1.0: findings for code scanning (OASIS, "Static Analysis Results Interchange Format", 2.1.0).

A *rule* is a vulnerability, a *result* is that vulnerability in one package. As the reference writes them:

1. Rules stand in order of first use. Where a vulnerability is found again, the later finding's texts, level and scores
   take the place of the earlier one's; a help address, once known, stays.
2. `security-severity` is the CVSS v3 score of the source that the severity was taken from, and a fixed figure for the
   severity where that source has none.
3. A finding stands where its package was found: the package's own file, else the target. For packages of the operating
   system that is the target without its ` (family version)` and, where it is an image reference, the repository alone.
4. Lines are those of the lockfile entry, one location for each; a viewer wants a region, so line 1 stands elsewhere.
5. `originalUriBaseIds` says which directory was scanned, `properties` which image.
6. What was not looked at is a notification of the tool (section 3.20.21). The reference has no such thing; a log of a
   complete scan has none either.

`message` may hold links (section 3.11.6), so names and addresses go through `assaymark.report.inert`. Descriptions are
the advisory's own text and keep their Markdown, as the reference's do.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from assaymark.model.finding import Finding
from assaymark.model.package import Location
from assaymark.model.reference import find_reference
from assaymark.model.report import Report, Result, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gojson import encode_go
from assaymark.report.inert import line, markdown, paragraphs, path_address, unlinked, web_address
from assaymark.report.scanner import scanner_home
from assaymark.report.shortfall import Shortfall, shortfalls

SCHEMA: Final = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/main/sarif-2.1/schema/sarif-schema-2.1.0.json"
_RULE_NAMES: Final = {
    "os-pkgs": "OsPackageVulnerability",
    "lang-pkgs": "LanguageSpecificPackageVulnerability",
}
_LEVELS: Final = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note", "UNKNOWN": "note"}
_SCORES: Final = {"CRITICAL": "9.5", "HIGH": "8.0", "MEDIUM": "5.5", "LOW": "2.0"}
_NOWHERE: Final = (Location(start_line=1, end_line=1),)

Places = dict[tuple[str, str], tuple[Location, ...]]


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One log with one run."""
    run = _run(scan.report, rendering)
    stream.write(encode_go({"version": "2.1.0", "$schema": SCHEMA, "runs": [run]}) + b"\n")


def _run(report: Report, rendering: Rendering) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    indexes: dict[str, int] = {}
    results: list[dict[str, Any]] = []
    for result in report.results:
        places = _places(result)
        for finding in result.vulnerabilities:
            identifier = line(finding.vulnerability_id)
            rules[identifier] = _rule(finding, result.class_, rules.get(identifier, {}))
            index = indexes.setdefault(identifier, len(indexes))
            results.append(_result(finding, result, index, places))
    run: dict[str, Any] = {"tool": {"driver": _driver(report, list(rules.values()))}}
    if notifications := [_notification(each) for each in shortfalls(report.coverage)]:
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notifications}]
    run["results"] = results
    run["columnKind"] = "utf16CodeUnits"
    if rendering.root and report.artifact_type in {"filesystem", "repository"}:
        run["originalUriBaseIds"] = {"ROOTPATH": {"uri": f"file://{path_address(rendering.root).rstrip('/')}/"}}
    if report.artifact_type == "container_image":
        run["properties"] = _image(report)
    return run


def _driver(report: Report, rules: list[dict[str, Any]]) -> dict[str, Any]:
    name = report.scanner.name
    return {
        "fullName": f"{name} vulnerability scanner",
        "informationUri": scanner_home(report.scanner),
        "name": name,
        "rules": rules,
        "version": report.scanner.version,
    }


def _notification(missed: Shortfall) -> dict[str, Any]:
    notification: dict[str, Any] = {
        "descriptor": {"id": missed.code},
        "level": "error",
        "message": {"text": unlinked(missed.message)},
    }
    if missed.path:
        artifact = {"uri": path_address(missed.path), "uriBaseId": "ROOTPATH"}
        notification["locations"] = [{"physicalLocation": {"artifactLocation": artifact}}]
    return notification


def _image(report: Report) -> dict[str, Any]:
    """What was scanned; a list that is empty is `null`, as Go writes one that was never made."""
    metadata = report.metadata
    return {
        "imageID": line(metadata.image_id),
        "imageName": line(report.artifact_name),
        "repoDigests": [line(each) for each in metadata.repo_digests] or None,
        "repoTags": [line(each) for each in metadata.repo_tags] or None,
    }


def _rule(finding: Finding, class_: str, earlier: dict[str, Any]) -> dict[str, Any]:
    title, description = line(finding.title), paragraphs(finding.description)
    rule: dict[str, Any] = {
        "id": line(finding.vulnerability_id),
        "name": _RULE_NAMES.get(class_, "UnknownIssue"),
        "shortDescription": {"text": title},
        "fullDescription": {"text": description or title},
        "defaultConfiguration": {"level": _level(finding)},
    }
    address = web_address(finding.primary_url) or earlier.get("helpUri", "")
    if address:
        rule["helpUri"] = address
    rule["help"] = {"text": _help_text(finding, description), "markdown": _help_markdown(finding, description)}
    rule["properties"] = _properties(finding)
    return rule


def _level(finding: Finding) -> str:
    return _LEVELS.get(finding.severity, "none")


def _help_text(finding: Finding, description: str) -> str:
    return "\n".join(
        (
            f"Vulnerability {_said(finding.vulnerability_id)}",
            f"Severity: {line(finding.severity)}",
            f"Package: {_said(finding.pkg_name)}",
            f"Fixed Version: {_said(finding.fixed_version)}",
            f"Link: {_link(finding)}",
            description,
        )
    )


def _help_markdown(finding: Finding, description: str) -> str:
    package, fixed = markdown(finding.pkg_name), markdown(finding.fixed_version)
    return "\n".join(
        (
            f"**Vulnerability {markdown(finding.vulnerability_id)}**",
            "| Severity | Package | Fixed Version | Link |",
            "| --- | --- | --- | --- |",
            f"|{markdown(finding.severity)}|{package}|{fixed}|{_link(finding)}|",
            "",
            description,
        )
    )


def _message(finding: Finding) -> str:
    return "\n".join(
        (
            f"Package: {_said(finding.pkg_name)}",
            f"Installed Version: {_said(finding.installed_version)}",
            f"Vulnerability {_said(finding.vulnerability_id)}",
            f"Severity: {line(finding.severity)}",
            f"Fixed Version: {_said(finding.fixed_version)}",
            f"Link: {_link(finding)}",
        )
    )


def _said(text: str) -> str:
    return unlinked(line(text))


def _link(finding: Finding) -> str:
    return f"[{markdown(finding.vulnerability_id)}]({web_address(finding.primary_url)})"


def _properties(finding: Finding) -> dict[str, Any]:
    """Scores and tags, in order of keys; vectors and scores only where there are any."""
    score = _SCORES.get(finding.severity, "0.0")
    known: dict[str, Any] = {}
    cvss = finding.cvss.get(finding.severity_source)
    if cvss is not None:
        known = {
            "cvssv2_score": cvss.v2_score,
            "cvssv2_vector": line(cvss.v2_vector),
            "cvssv3_baseScore": cvss.v3_score,
            "cvssv3_vector": line(cvss.v3_vector),
            "cvssv40_baseScore": cvss.v40_score,
            "cvssv40_vector": line(cvss.v40_vector),
        }
        score = f"{cvss.v3_score:.1f}" if cvss.v3_score else score
    return {key: value for key, value in known.items() if value} | {
        "precision": "very-high",
        "security-severity": score,
        "tags": ["vulnerability", "security", line(finding.severity)],
    }


def _result(finding: Finding, result: Result, index: int, places: Places) -> dict[str, Any]:
    path = _path(finding.pkg_path or result.target, result.class_)
    message = f"{_said(path)}: {_said(finding.pkg_name)}@{_said(finding.installed_version)}"
    found = places.get((finding.pkg_name, finding.installed_version)) or _NOWHERE
    return {
        "ruleId": line(finding.vulnerability_id),
        "ruleIndex": index,
        "level": _level(finding),
        "message": {"text": _message(finding)},
        "locations": [_location(path_address(path), place, message) for place in found],
    }


def _location(address: str, place: Location, message: str) -> dict[str, Any]:
    start = max(place.start_line, 1)
    region = {"startLine": start, "startColumn": 1, "endLine": max(place.end_line, start), "endColumn": 1}
    artifact = {"uri": address, "uriBaseId": "ROOTPATH"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}, "message": {"text": message}}


def _path(target: str, class_: str) -> str:
    if class_ != "os-pkgs":
        return target
    opening = target.find("(", 1)
    if opening > 0 and ")" in target[opening:]:
        target = target[:opening].rstrip()
    reference = find_reference(target)
    return (reference.repository if reference else target).replace("\\", "/")


def _places(result: Result) -> Places:
    """Lines of each name and version; the first package of that name speaks."""
    places: Places = {}
    for package in result.packages:
        places.setdefault((package.name, package.version), package.locations)
    return places


FORMAT: Final = Format(
    name="sarif", media_type="application/sarif+json", summary="SARIF 2.1.0, for code scanning", write=write
)
