"""SPDX tag-value: read into what the JSON form of the same document holds."""

from __future__ import annotations

from typing import Any

import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.contents import read_contents
from assaymark.inventory.sbom.formats import read_document
from assaymark.inventory.sbom.spdx_tag_value import read_tag_values
from assaymark.limits import DEFAULT_LIMITS, Limits

SAMPLE = """\
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
Creator: Organization: example
Creator: Tool: trivy-0.73.0
# a comment: of the document
##### Package: redis

PackageName: redis
SPDXID: SPDXRef-Package-1
PackageVersion: 7.0.1
PackageSourceInfo: <text>built package from: redis 7.0.1</text>
PackageComment: <text>two
PackageName: lines</text>
PackageLicenseDeclared: BSD-3-Clause
PackageChecksum: SHA1: 85ed
PackageAttributionText: PkgID: redis@7.0.1
ExternalRef: PACKAGE-MANAGER  purl pkg:bitnami/redis@7.0.1
PrimaryPackagePurpose: LIBRARY
FileName: ./bin/redis
SPDXID: SPDXRef-File-1
FileChecksum: SHA256: ab12
LicenseID: LicenseRef-1
ExtractedText: <text>SPDXID: none</text>
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package-1
"""


def read(text: str, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    return read_tag_values(text.encode(), limits=limits)


def test_all_tags_that_count() -> None:
    assert read(SAMPLE) == {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {"creators": ["Organization: example", "Tool: trivy-0.73.0"]},
        "packages": [
            {
                "name": "redis",
                "SPDXID": "SPDXRef-Package-1",
                "versionInfo": "7.0.1",
                "sourceInfo": "built package from: redis 7.0.1",
                "licenseDeclared": "BSD-3-Clause",
                "checksums": [{"algorithm": "SHA1", "checksumValue": "85ed"}],
                "attributionTexts": ["PkgID: redis@7.0.1"],
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": "pkg:bitnami/redis@7.0.1",
                    }
                ],
                "primaryPackagePurpose": "LIBRARY",
                "files": [
                    {
                        "fileName": "./bin/redis",
                        "SPDXID": "SPDXRef-File-1",
                        "checksums": [{"algorithm": "SHA256", "checksumValue": "ab12"}],
                    }
                ],
            }
        ],
        "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-1"}],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-Package-1",
            }
        ],
    }


def test_a_document_becomes_packages() -> None:
    document = read_document(SAMPLE.replace("\n", "\r\n").encode(), limits=DEFAULT_LIMITS, what="a.spdx")
    (application,) = read_contents(document, limits=DEFAULT_LIMITS).applications

    assert [(each.id, each.file_path, each.digest, each.licenses) for each in application.packages] == [
        ("redis@7.0.1", "./bin/redis", "sha256:ab12", ("BSD-3-Clause",))
    ]


def test_files_in_front_of_packages_are_the_documents() -> None:
    assert read("FileName: a\nPackageName: b\nFileName: c")["files"] == [{"fileName": "a"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("SPDXVersion", "line 1 of the SBOM has no tag: `SPDXVersion`", id="no colon"),
        pytest.param("A: <text>b\nc", "a text of the SBOM has no end: `b`", id="a text without end"),
        pytest.param("Relationship: a b", "`a b` has 2 words in place of three", id="a relationship of two words"),
        pytest.param("PackageName: a\nExternalRef: x", "`x` has 1 words in place of three", id="a short reference"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        read(text)

    assert str(caught.value) == message


def test_bounds() -> None:
    with pytest.raises(LimitError, match="an SBOM of 10 bytes, more than the 9 that are read"):
        read("Creator: a", limits=Limits(json_bytes=9))
    with pytest.raises(LimitError, match="an SBOM of more than 2 entries"):
        read("Creator: a\n" * 3, limits=Limits(sbom_entries=2))
