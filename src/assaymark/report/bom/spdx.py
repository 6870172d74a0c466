"""SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/): the document that both of its forms are written from.

1. Every component is a package; the document describes the root. Relationships say what holds (`CONTAINS`) and what
   needs (`DEPENDS_ON`) what.
2. Identifiers begin as the reference's do, because readers tell by them what a package is, and end in a hash.
3. The source package, or the lockfile that lists a package, is its source information.
4. The file that a package is becomes a file of the document where its SHA-1 is known, which clause 8.4 wants of files;
   other digests are the package's own. A file without one is an annotation, so that its path is not lost.
5. Properties that have no place elsewhere are annotations, `Name: value`.
6. Where vulnerabilities were looked up, each is a reference to its advisory.
7. What the scan did not look at is told in the comment on the document's creation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from assaymark.model.report import Report, Scan
from assaymark.report.bom.components import Bom, Component, Kind, bom_of
from assaymark.report.bom.document import document_uuid, seconds
from assaymark.report.bom.licenses import NOTHING_SAID, ExtractedLicense, license_expression
from assaymark.report.inert import web_address
from assaymark.report.shortfall import shortfalls

_PREFIX: Final = "SPDXRef-"
_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_NOWHERE: Final = "NONE"
_UNKNOWN_TIME: Final = "1970-01-01T00:00:00Z"
_KINDS: Final = {
    Kind.IMAGE: ("ContainerImage", "CONTAINER"),
    Kind.FILESYSTEM: ("Filesystem", "SOURCE"),
    Kind.REPOSITORY: ("Repository", "SOURCE"),
    Kind.SYSTEM: ("OperatingSystem", "OPERATING_SYSTEM"),
    Kind.APPLICATION: ("Application", "APPLICATION"),
    Kind.LIBRARY: ("Package", "LIBRARY"),
}
"""How identifiers of a kind begin, and its purpose; JSON spells that with `_`, as its schema says."""
_HASHES: Final = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256", "sha512": "SHA512"}
_ELSEWHERE: Final = frozenset({"SrcName", "SrcRelease", "SrcEpoch", "SrcVersion", "FilePath"})
"""Properties that other members say already (rules 3 and 4)."""


def spdx_document(scan: Scan) -> dict[str, Any]:
    """The document as its JSON form has it, members in the reference's order."""
    return _Writer(scan).document()


class _Writer:
    """The parts of one document that several packages share."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._bom = bom_of(scan.report)
        self._identifiers = list(_identifiers(self._bom))
        self._created = seconds(scan.report.created_at, suffix="Z") or _UNKNOWN_TIME
        self._tool = f"Tool: {scan.report.scanner.name}-{scan.report.scanner.version}"
        self._location = _download_location(scan.report)
        self._files: dict[str, dict[str, Any]] = {}
        self._extracted: dict[str, ExtractedLicense] = {}
        self._contained: list[tuple[str, str, str]] = []

    def document(self) -> dict[str, Any]:
        """All of it."""
        packages = sorted(
            map(self._package, self._identifiers, self._bom.components),
            key=lambda each: (each["primaryPackagePurpose"], each["name"], each["SPDXID"]),
        )
        document = {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": _DOCUMENT,
            "name": self._bom.root.name or "unknown",
            "documentNamespace": f"urn:uuid:{document_uuid(self._scan.report)}",
            "creationInfo": self._creation(),
            "packages": packages,
            "files": sorted(self._files.values(), key=lambda each: (each["fileName"], each["SPDXID"])),
            "hasExtractedLicensingInfos": [_explanation(self._extracted[name]) for name in sorted(self._extracted)],
            "relationships": [
                {"spdxElementId": start, "relatedSpdxElement": target, "relationshipType": kind}
                for start, target, kind in sorted({*self._relationships(), *self._contained})
            ],
        }
        return {name: value for name, value in document.items() if value}

    def _creation(self) -> dict[str, Any]:
        comment = "\n".join(f"{each.code}: {each.text}" for each in shortfalls(self._scan.report.coverage))
        creation: dict[str, Any] = {"creators": [self._tool], "created": self._created}
        return creation | ({"comment": comment} if comment else {})

    def _package(self, identifier: str, component: Component) -> dict[str, Any]:
        """Members in the reference's order; empty ones are left out."""
        file = self._file(identifier, component)
        license_, extracted = license_expression(component.licenses)
        self._extracted.update((each.identifier, each) for each in extracted)
        members = {
            "name": _name(component),
            "SPDXID": identifier,
            "versionInfo": component.version,
            "supplier": _supplier(component),
            "downloadLocation": self._location,
            "filesAnalyzed": file is not None,
            "packageVerificationCode": {"packageVerificationCodeValue": _verification_code(file)} if file else None,
            "checksums": [] if file else list(_checksums(component.digest)),
            "sourceInfo": _source(component),
            "licenseConcluded": license_,
            "licenseDeclared": license_,
            "externalRefs": list(_references(component)),
            "primaryPackagePurpose": _KINDS[component.kind][1],
            "annotations": [self._annotation(*pair) for pair in _annotated(component, has_file=file is not None)],
        }
        return {name: value for name, value in members.items() if value or name in {"name", "filesAnalyzed"}}

    def _annotation(self, name: str, value: str) -> dict[str, str]:
        return {
            "annotator": self._tool,
            "annotationDate": self._created,
            "annotationType": "OTHER",
            "comment": f"{name}: {value}",
        }

    def _file(self, package: str, component: Component) -> dict[str, Any] | None:
        """Rule 4; several packages may be in one file."""
        path, digest = component.file_path, component.digest
        if not path or not digest.startswith("sha1:"):
            return None
        identifier = f"{_PREFIX}File-{_hash(f'{digest} {path}')}"
        self._contained.append((package, identifier, "CONTAINS"))
        file = {"fileName": path, "SPDXID": identifier, "checksums": list(_checksums(digest))}
        return self._files.setdefault(identifier, file)

    def _relationships(self) -> Iterator[tuple[str, str, str]]:
        """Rule 1."""
        names = self._identifiers
        yield _DOCUMENT, names[0], "DESCRIBES"
        for place, held in self._bom.holds.items():
            yield from ((names[place], names[target], "CONTAINS") for target in held)
        for place, needed in self._bom.needs.items():
            yield from ((names[place], names[target], "DEPENDS_ON") for target in needed)


def _identifiers(bom: Bom) -> Iterator[str]:
    """Rule 2; references that an SBOM gave may be the same."""
    taken: set[str] = set()
    for place, component in enumerate(bom.components):
        start = f"{_PREFIX}{_KINDS[component.kind][0]}-"
        identifier = start + _hash(component.ref)
        if identifier in taken:
            identifier = start + _hash(f"{component.ref}\n{place}")
        taken.add(identifier)
        yield identifier


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _download_location(report: Report) -> str:
    """Where a repository was cloned from; nothing else has such a place."""
    if report.artifact_type != "repository":
        return _NOWHERE
    address = web_address(report.artifact_name) or web_address(report.metadata.repo_url)
    return f"git+{address}" if address else _NOWHERE


def _name(component: Component) -> str:
    if not component.group:
        return component.name
    return f"{component.group}{':' if component.purl.startswith('pkg:maven/') else '/'}{component.name}"


def _supplier(component: Component) -> str:
    if component.kind is not Kind.LIBRARY:
        return ""
    return f"Organization: {component.supplier}" if component.supplier else NOTHING_SAID


def _source(component: Component) -> str:
    """Rule 3."""
    if component.src_name:
        return f"built package from: {component.src_name} {component.src_version}"
    return f"package found in: {component.src_file}" if component.src_file else ""


def _checksums(digest: str) -> Iterator[dict[str, str]]:
    algorithm, _, value = digest.partition(":")
    if algorithm in _HASHES:
        yield {"algorithm": _HASHES[algorithm], "checksumValue": value}


def _verification_code(file: dict[str, Any]) -> str:
    """Clause 7.9.4, for one file."""
    digest: str = file["checksums"][0]["checksumValue"]
    return hashlib.sha1(digest.encode(), usedforsecurity=False).hexdigest()


def _references(component: Component) -> Iterator[dict[str, str]]:
    """The package URL, and rule 6."""
    if component.purl:
        yield _reference("PACKAGE-MANAGER", "purl", component.purl)
    for address in dict.fromkeys(web_address(finding.primary_url) for finding in component.findings):
        if address:
            yield _reference("SECURITY", "advisory", address)


def _reference(category: str, kind: str, locator: str) -> dict[str, str]:
    return {"referenceCategory": category, "referenceType": kind, "referenceLocator": locator}


def _annotated(component: Component, *, has_file: bool) -> Iterator[tuple[str, str]]:
    """Rules 4 and 5."""
    for name, value in component.properties:
        if name not in _ELSEWHERE or (name == "FilePath" and not has_file):
            yield name, value


def _explanation(extracted: ExtractedLicense) -> dict[str, str]:
    members = {
        "licenseId": extracted.identifier,
        "extractedText": extracted.text,
        "name": extracted.name,
        "comment": extracted.comment,
    }
    return {name: value for name, value in members.items() if value}
