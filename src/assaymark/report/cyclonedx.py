"""CycloneDX 1.7 in JSON (https://cyclonedx.org/docs/1.7/json/): what was found in an artifact, and what is wrong there.

1. `components` are the operating system, the files that list packages, and the packages (`assaymark.report.bom`), by
   reference; `dependencies` say what holds and what needs what. A component whose dependencies are not known
   has no entry.
2. Properties have the reference's prefix, because every reader of such documents knows it.
3. `vulnerabilities` is empty where nothing was looked up: a bill of materials is written without a database unless
   vulnerabilities are asked for.
4. An SBOM in CycloneDX that was scanned stays as it is, and only its vulnerabilities are replaced
   (`assaymark.report.bom.scanned`).
5. `metadata.properties` say what the scan did not look at, and which database answered; the reference has neither.

All names follow from the report, so that converting it twice gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from assaymark.model.report import Scan
from assaymark.report.bom.components import OWN, Bom, Component, Kind, bom_of
from assaymark.report.bom.document import document_uuid, encode_inert, seconds
from assaymark.report.bom.licenses import license_choices
from assaymark.report.bom.scanned import scanned_document
from assaymark.report.bom.vulnerabilities import ZONE, vulnerabilities
from assaymark.report.format import Format, Rendering
from assaymark.report.scanner import scanner_purl
from assaymark.report.shortfall import shortfalls

SCHEMA: Final = "http://cyclonedx.org/schema/bom-1.7.schema.json"
VERSION: Final = "1.7"
PREFIX: Final = "aquasecurity:trivy:"

_TYPES: Final = {
    Kind.IMAGE: "container",
    Kind.FILESYSTEM: "application",
    Kind.REPOSITORY: "application",
    Kind.SYSTEM: "operating-system",
    Kind.APPLICATION: "application",
    Kind.LIBRARY: "library",
}
_HASHES: Final = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One document; what the rendering says of findings and packages does not count."""
    del rendering
    stream.write(encode_inert(_document(scan), escape_html=False))


def _document(scan: Scan) -> dict[str, Any]:
    head = {"$schema": SCHEMA, "bomFormat": "CycloneDX", "specVersion": VERSION}
    made = _made(scan)
    if scan.sbom:
        return scanned_document(scan, head, made)
    bom = bom_of(scan.report)
    libraries = [component for component in bom.components if component.findings]
    return {
        **head,
        "serialNumber": f"urn:uuid:{document_uuid(scan.report)}",
        "version": 1,
        "metadata": {**made, "component": _component(bom.root), **_remarks(scan)},
        "components": sorted(map(_component, bom.components[1:]), key=lambda each: str(each["bom-ref"])),
        "dependencies": sorted(_dependencies(bom), key=lambda each: str(each["ref"])),
        "vulnerabilities": vulnerabilities((each.ref, finding) for each in libraries for finding in each.findings),
    }


def _made(scan: Scan) -> dict[str, Any]:
    """When the document was made, and with what."""
    scanner = scan.report.scanner
    tool = {"type": "application", "name": scanner.name, "version": scanner.version, "purl": scanner_purl(scanner)}
    timestamp = seconds(scan.report.created_at, suffix=ZONE)
    return ({"timestamp": timestamp} if timestamp else {}) | {"tools": {"components": [tool]}}


def _remarks(scan: Scan) -> dict[str, Any]:
    """Rule 5."""
    database = scan.database
    pairs = [
        ("assaymark:database:uri", database.uri),
        ("assaymark:database:version", database.version),
        ("assaymark:database:updatedAt", database.updated_at),
        *(("assaymark:shortfall", f"{each.code}: {each.text}") for each in shortfalls(scan.report.coverage)),
    ]
    listed = [{"name": name, "value": value} for name, value in pairs if value]
    return {"properties": listed} if listed else {}


def _component(component: Component) -> dict[str, Any]:
    """Members in the reference's order; empty ones are left out, but not the list of properties."""
    members: dict[str, Any] = {
        "bom-ref": component.ref,
        "type": _TYPES[component.kind],
        "supplier": {"name": component.supplier} if component.supplier else None,
        "group": component.group,
        "name": component.name,
        "version": component.version,
        "hashes": list(_hashes(component.digest)),
        "licenses": license_choices(component.licenses) if component.licenses else None,
        "purl": component.purl,
    }
    properties = [
        {"name": name if name.startswith(OWN) else PREFIX + name, "value": value}
        for name, value in component.properties
    ]
    return {name: value for name, value in members.items() if value or name == "name"} | {"properties": properties}


def _hashes(digest: str) -> Iterator[dict[str, str]]:
    algorithm, _, content = digest.partition(":")
    if algorithm in _HASHES:
        yield {"alg": _HASHES[algorithm], "content": content}


def _dependencies(bom: Bom) -> Iterator[dict[str, Any]]:
    """Rule 1; whatever holds or needs something, and what is known to need nothing."""
    refs = [component.ref for component in bom.components]
    for place in bom.holds.keys() | bom.needs.keys():
        targets = {*bom.holds.get(place, ()), *bom.needs.get(place, ())}
        yield {"ref": refs[place], "dependsOn": sorted({refs[target] for target in targets})}


FORMAT: Final = Format(
    name="cyclonedx",
    media_type="application/vnd.cyclonedx+json; version=1.7",
    summary="bill of materials, CycloneDX 1.7 in JSON; with vulnerabilities by `--scanners vuln`",
    write=write,
    is_bill=True,
)
