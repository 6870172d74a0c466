"""An SBOM in CycloneDX that was scanned, with what the scan found (https://cyclonedx.org/docs/1.7/json/).

1. The document stays what it is: its components, their order, dependencies, services and everything else. It is written
   as version 1.7, which has all members of earlier versions.
2. `vulnerabilities` are those that were found; where nothing was looked up, the document's own.
3. It is another edition of the same document: its serial number stays, and its version counts up (clause `version`). A
   document without a number gets one.
4. The time is the scan's, and the scanner stands behind the tools that made the document.
5. A component without a reference gets the one that the scan called it by, so that findings can name it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.purl import parse_purl
from assaymark.model.report import Report, Scan
from assaymark.report.bom.document import document_uuid
from assaymark.report.bom.vulnerabilities import vulnerabilities
from assaymark.safeio.json import decode_go, fold

_MANAGED: Final = ("$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components")
_LISTS: Final = ("dependencies", "vulnerabilities")


def scanned_document(scan: Scan, head: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """The document that `scan.sbom` holds, renewed.

    Args:
        scan: of that document.
        head: `$schema`, `bomFormat` and `specVersion`.
        metadata: `timestamp` and `tools` of the scan.
    """
    document: dict[str, Any] = decode_go(scan.sbom, limits=DEFAULT_LIMITS, what=scan.report.artifact_name)
    members = fold(document, (*_MANAGED, *_LISTS))
    own = {name.lower() for name in (*_MANAGED, *_LISTS)}
    described = members.get("metadata")
    given = fold(described, ("tools", "component")) if isinstance(described, dict) else {}
    components = [each for each in members.get("components") or () if isinstance(each, dict)]
    root = given.get("component")
    _name_components([*components, root] if isinstance(root, dict) else components, scan.report)
    version = members.get("version")
    serial = members.get("serialNumber")
    return {
        **head,
        "serialNumber": serial or f"urn:uuid:{document_uuid(scan.report)}",
        "version": version + 1 if serial and isinstance(version, int) and version > 0 else 1,
        "metadata": {
            **(described if isinstance(described, dict) else {}),
            **metadata,
            "tools": _tools(given.get("tools"), metadata["tools"]["components"][0]),
        },
        "components": members.get("components") or [],
        **{name: value for name, value in document.items() if name.lower() not in own},
        "dependencies": members.get("dependencies") or [],
        "vulnerabilities": _found(scan) if _is_looked_up(scan) else members.get("vulnerabilities") or [],
    }


def _is_looked_up(scan: Scan) -> bool:
    return scan.database != DatabaseInfo() or any(result.vulnerabilities for result in scan.report.results)


def _found(scan: Scan) -> list[dict[str, Any]]:
    return vulnerabilities(
        (finding.pkg_identifier.bom_ref, finding)
        for result in scan.report.results
        for finding in result.vulnerabilities
    )


def _tools(given: Any, own: dict[str, Any]) -> Any:
    """Rule 4; before version 1.5 tools were a list of their own kind, which is still allowed."""
    if isinstance(given, list):
        return [*given, {"name": own["name"], "version": own["version"]}]
    if not isinstance(given, dict):
        return {"components": [own]}
    listed = given.get("components")
    return {**given, "components": [*(listed if isinstance(listed, list) else ()), own]}


def _name_components(components: list[dict[str, Any]], report: Report) -> None:
    """Rule 5; components with the same package URL are named in their order, as the scan did."""
    taken = {ref for component in components if (ref := _text(component, "bom-ref"))}
    names: dict[str, Iterator[str]] = {}
    listed: dict[str, list[str]] = {}
    for result in report.results:
        for package in result.packages:
            if package.identifier.bom_ref not in taken:
                listed.setdefault(package.identifier.purl, []).append(package.identifier.bom_ref)
    for component in components:
        purl = _purl(component)
        if purl in listed and not _text(component, "bom-ref"):
            name = next(names.setdefault(purl, iter(listed[purl])), "")
            if name:
                component["bom-ref"] = name


def _purl(component: dict[str, Any]) -> str:
    """As the scan spells it."""
    try:
        return str(parse_purl(_text(component, "purl"), decode_subpath=False))
    except ValueError:
        return ""


def _text(component: dict[str, Any], name: str) -> str:
    value = fold(component, (name,)).get(name)
    return value if isinstance(value, str) else ""
