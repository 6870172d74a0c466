"""SPDX 2.3 as tags and values (https://spdx.github.io/spdx-spec/v2.3/conformance/), a line each.

`assaymark.report.bom.spdx` says what stands in a document; here is how its members are spelt:

1. A value is one line without control characters; the texts of licences and comments stand between `<text>` and
   `</text>`, neither of which occurs in a value.
2. Packages come first, each with its files behind it, licences that the SPDX list does not have, and relationships.
3. What JSON has as annotations are attribution texts, because readers of this form do not join annotations to packages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from assaymark.model.report import Scan
from assaymark.report.bom.spdx import spdx_document
from assaymark.report.format import Format, Rendering
from assaymark.report.inert import line, paragraphs

Lines = Iterator[str]

_DOCUMENT: Final = (
    ("SPDXVersion", "spdxVersion"),
    ("DataLicense", "dataLicense"),
    ("SPDXID", "SPDXID"),
    ("DocumentName", "name"),
    ("DocumentNamespace", "documentNamespace"),
)
_PACKAGE: Final = (
    ("PackageName", "name"),
    ("SPDXID", "SPDXID"),
    ("PackageVersion", "versionInfo"),
    ("PackageSupplier", "supplier"),
    ("PackageDownloadLocation", "downloadLocation"),
)


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One document; what the rendering says of findings and packages does not count."""
    del rendering
    stream.writelines(f"{text}\n".encode("utf-8", "replace") for text in _lines(spdx_document(scan)))


def _lines(document: dict[str, Any]) -> Lines:
    creation = document["creationInfo"]
    yield from _tags(document, _DOCUMENT)
    yield from (_tag("Creator", creator) for creator in creation["creators"])
    yield _tag("Created", creation["created"])
    if "comment" in creation:
        yield f"CreatorComment: {_text(creation['comment'])}"
    files = {file["SPDXID"]: file for file in document.get("files", ())}
    contained: dict[str, list[str]] = {}
    for each in document["relationships"]:
        if each["relatedSpdxElement"] in files:
            contained.setdefault(each["spdxElementId"], []).append(each["relatedSpdxElement"])
    for package in document["packages"]:
        yield from _package(package)
        for name in contained.get(package["SPDXID"], ()):
            if name in files:  # a file of several packages stands behind the first
                yield from _file(files.pop(name))
    yield from _licenses(document)
    yield from ("", "##### Relationships", "")
    for each in document["relationships"]:
        yield f"Relationship: {each['spdxElementId']} {each['relationshipType']} {each['relatedSpdxElement']}"


def _package(package: dict[str, Any]) -> Lines:
    yield from ("", f"##### Package: {_line(package['name'])}", "")
    yield from _tags(package, _PACKAGE)
    yield _tag("PrimaryPackagePurpose", package["primaryPackagePurpose"].replace("_", "-"))  # as clause 7.24 has it
    yield _tag("FilesAnalyzed", "true" if package["filesAnalyzed"] else "false")
    if "packageVerificationCode" in package:
        yield _tag("PackageVerificationCode", package["packageVerificationCode"]["packageVerificationCodeValue"])
    yield from _checksums("PackageChecksum", package)
    yield from _tags(package, (("PackageSourceInfo", "sourceInfo"),))
    yield _tag("PackageLicenseConcluded", package["licenseConcluded"])
    yield _tag("PackageLicenseDeclared", package["licenseDeclared"])
    yield from (f"PackageAttributionText: {_text(each['comment'])}" for each in package.get("annotations", ()))
    for each in package.get("externalRefs", ()):
        place = f"{each['referenceCategory']} {each['referenceType']} {each['referenceLocator']}"
        yield _tag("ExternalRef", place)


def _file(file: dict[str, Any]) -> Lines:
    yield from ("", *_tags(file, (("FileName", "fileName"), ("SPDXID", "SPDXID"))))
    yield from _checksums("FileChecksum", file)


def _licenses(document: dict[str, Any]) -> Lines:
    for each in document.get("hasExtractedLicensingInfos", ()):
        yield from ("", _tag("LicenseID", each["licenseId"]), f"ExtractedText: {_text(each['extractedText'])}")
        yield _tag("LicenseName", each["name"])
        if "comment" in each:
            yield f"LicenseComment: {_text(each['comment'])}"


def _checksums(tag: str, element: dict[str, Any]) -> Lines:
    yield from (_tag(tag, f"{each['algorithm']}: {each['checksumValue']}") for each in element.get("checksums", ()))


def _tags(members: dict[str, Any], tags: tuple[tuple[str, str], ...]) -> Lines:
    yield from (_tag(tag, members[name]) for tag, name in tags if name in members)


def _tag(tag: str, value: str) -> str:
    return f"{tag}: {_line(value)}"


def _line(value: str) -> str:
    return _plain(line(value))


def _text(value: str) -> str:
    return f"<text>{_plain(paragraphs(value))}</text>"


def _plain(value: str) -> str:
    """Rule 1."""
    return value.replace("<text>", "(text)").replace("</text>", "(/text)")


FORMAT: Final = Format(
    name="spdx",
    media_type="text/spdx",
    summary="bill of materials, SPDX 2.3 as tags and values",
    write=write,
    is_bill=True,
)
