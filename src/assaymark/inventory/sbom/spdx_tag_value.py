"""SPDX in its tag-value form (https://spdx.github.io/spdx-spec/v2.3/conformance/), read into what the JSON form holds.

    PackageName: redis
    SPDXID: SPDXRef-Package-redis
    ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/redis@7.0.1

1. A line is a tag, a colon and a value; `<text>` makes the value last until `</text>`. Empty lines and those that begin
   with `#` count for nothing.
2. `PackageName` begins a package and `FileName` a file; a file belongs to the package above it, if there is one.
   `LicenseID` and `SnippetSPDXID` begin what is not looked at.
3. Annotations stand for themselves and not in their packages, so that they say nothing of them.
4. Tags that nobody asks for are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.text import decode_utf8

_SECTIONS: Final = {
    "PackageName": ("packages", "name"),
    "FileName": ("files", "fileName"),
    "LicenseID": ("hasExtractedLicensingInfos", "licenseId"),
    "SnippetSPDXID": ("snippets", "SPDXID"),
}
_TEXTS: Final = {
    "SPDXVersion": "spdxVersion",
    "SPDXID": "SPDXID",
    "PackageVersion": "versionInfo",
    "PackageSourceInfo": "sourceInfo",
    "PackageLicenseDeclared": "licenseDeclared",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
_SHOWN: Final = 80


def _checksum(value: str) -> dict[str, str]:
    algorithm, _, digits = value.partition(":")
    return {"algorithm": algorithm.strip(), "checksumValue": digits.strip()}


def _reference(value: str) -> dict[str, str]:
    category, kind, locator = _three(value)
    return {"referenceCategory": category, "referenceType": kind, "referenceLocator": locator}


def _relationship(value: str) -> dict[str, str]:
    start, kind, target = _three(value)
    return {"spdxElementId": start, "relationshipType": kind, "relatedSpdxElement": target}


def _three(value: str) -> list[str]:
    words = value.split()
    if len(words) != 3:
        raise ArtifactError(f"`{value[:_SHOWN]}` has {len(words)} words in place of three")
    return words


_LISTS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "PackageChecksum": ("checksums", _checksum),
    "FileChecksum": ("checksums", _checksum),
    "PackageAttributionText": ("attributionTexts", str),
    "ExternalRef": ("externalRefs", _reference),
    "Creator": ("creators", str),
}


def read_tag_values(data: bytes, *, limits: Limits) -> dict[str, Any]:
    """The document as its JSON form would hold it.

    Raises:
        ArtifactError: a line is no tag, a text has no end, or a value is not of its tag's form.
        LimitError: it is too long, or lists too many things.
    """
    if len(data) > limits.json_bytes:
        raise LimitError(f"an SBOM of {len(data)} bytes, more than the {limits.json_bytes} that are read")
    document: dict[str, Any] = {}
    section, package, listed = document, document, 0
    for tag, value in _pairs(decode_utf8(data)):
        if tag in _TEXTS:
            section[_TEXTS[tag]] = value
            continue
        if tag in _SECTIONS:
            name, first = _SECTIONS[tag]
            section = {first: value}
            (package if tag == "FileName" else document).setdefault(name, []).append(section)
            package = section if tag == "PackageName" else package
        elif tag in _LISTS:
            name, read = _LISTS[tag]
            section.setdefault(name, []).append(read(value))
        elif tag == "Relationship":
            document.setdefault("relationships", []).append(_relationship(value))
        else:
            continue
        listed += 1
        if listed > limits.sbom_entries:
            raise LimitError(f"an SBOM of more than {limits.sbom_entries} entries")
    return document | {"creationInfo": {"creators": document.pop("creators", [])}}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Rule 1."""
    lines = iter(text.split("\n"))
    for number, line in enumerate(lines, start=1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        tag, colon, value = bare.partition(":")
        if not colon:
            raise ArtifactError(f"line {number} of the SBOM has no tag: `{bare[:_SHOWN]}`")
        _, opening, rest = value.partition("<text>")
        yield tag.strip(), _long_text(rest, lines) if opening else value.strip()


def _long_text(start: str, lines: Iterator[str]) -> str:
    parts = [start]
    while "</text>" not in parts[-1]:
        line = next(lines, None)
        if line is None:
            raise ArtifactError(f"a text of the SBOM has no end: `{start[:_SHOWN]}`")
        parts.append(line)
    parts[-1] = parts[-1].partition("</text>")[0]
    return "\n".join(parts)
