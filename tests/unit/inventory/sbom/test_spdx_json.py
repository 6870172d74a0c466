"""SPDX JSON as components: what is read, what is left out, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.boms import package, related, spdx

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.contents import read_contents
from assaymark.inventory.sbom.document import Component, ComponentType, Document
from assaymark.inventory.sbom.spdx_json import VERSIONS, decode_spdx
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import ArtifactType
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.purl import Purl

REDIS = package("redis", "7", "pkg:bitnami/redis@7")
OPENSSL = package("openssl", "3", "pkg:bitnami/openssl@3")
FILE = {
    "SPDXID": "SPDXRef-File-1",
    "fileName": "lib/a.jar",
    "checksums": [{"algorithm": "SHA1", "checksumValue": "ab"}],
}


def decoded(*packages: Any, limits: Limits = DEFAULT_LIMITS, **members: Any) -> Document:
    return decode_spdx(spdx(*packages, **members), limits=limits)


def only(document: Document) -> Component:
    assert document.issues == ()
    (component,) = document.components
    return component


def stated(document: Document) -> dict[str, str]:
    return dict(only(document).properties)


def test_all_members_of_a_package() -> None:
    document = decoded(
        package(
            "lib",
            "1",
            "pkg:npm/%40org/lib@1?b=2&a=1",
            licenseDeclared="MIT,ISC",
            checksums=[{"algorithm": "SHA3-256", "checksumValue": "no"}, {"algorithm": "MD5", "checksumValue": "cd"}],
            annotations=[{"comment": "PkgID: id"}, {"comment": "LayerDigest: sha256:aa"}, {"comment": "Other: x"}],
            attributionTexts=["PkgID: not this"],
        )
    )

    assert document == Document(
        type=ArtifactType.SPDX,
        components=(
            Component(
                type=ComponentType.LIBRARY,
                ref="Package-lib",
                name="lib",
                version="1",
                purl=Purl(type="npm", namespace="@org", name="lib", version="1", qualifiers=(("a", "1"), ("b", "2"))),
                licenses=("MIT", "ISC"),
                digest="md5:cd",
                properties=(("LayerDigest", "sha256:aa"), ("PkgID", "id")),
            ),
        ),
        depends_on=((),),
    )


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_versions_that_are_read(version: str) -> None:
    assert decoded(spdxVersion=version).components == ()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param(
            {"spdxVersion": "SPDX-3.0"}, "SPDX `SPDX-3.0` is not a version that is read", id="a later version"
        ),
        pytest.param({"spdxVersion": None}, "SPDX `None` is not a version", id="no version"),
        pytest.param({"spdxVersion": []}, r"SPDX `\[\]` is not a version", id="a list for a version"),
        pytest.param({"packages": {}}, "`packages` of the SBOM is no list", id="packages"),
        pytest.param({"files": "x"}, "`files` of the SBOM is no list", id="files"),
        pytest.param({"relationships": 1}, "`relationships` of the SBOM is no list", id="relationships"),
        pytest.param({"documentDescribes": {}}, "`documentDescribes` of the SBOM is no list", id="what is described"),
    ],
)
def test_documents_that_are_refused(members: dict[str, Any], message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        decoded(**members)


@pytest.mark.parametrize(
    ("identifier", "purpose", "kind"),
    [
        ("OperatingSystem-1", None, ComponentType.OPERATING_SYSTEM),
        ("Application-1", "CONTAINER", ComponentType.APPLICATION),
        ("ContainerImage-1", "CONTAINER", ComponentType.CONTAINER),
        ("Package-1", "LIBRARY", ComponentType.LIBRARY),
        ("redis", None, ComponentType.LIBRARY),
    ],
)
def test_the_identifier_tells_what_a_package_is(identifier: str, purpose: str | None, kind: ComponentType) -> None:
    each = {"SPDXID": f"SPDXRef-{identifier}", "name": "x", "primaryPackagePurpose": purpose}

    assert only(decoded(each)).type is kind


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"relationships": [related("DOCUMENT", "DESCRIBES", "Package-redis")]}, id="a relationship"),
        pytest.param({"documentDescribes": ["SPDXRef-Package-redis"]}, id="the document's own list"),
    ],
)
def test_the_described_package_comes_last(members: dict[str, Any]) -> None:
    document = decoded(REDIS, OPENSSL, **members)

    assert [each.name for each in document.components] == ["openssl", "redis"]
    assert (document.root, document.depends_on) == (1, ((), ()))


def test_any_relationship_says_that_the_first_needs_the_second() -> None:
    relationships = [
        related("Package-redis", "CONTAINS", "Package-openssl"),
        related("Package-openssl", "DEPENDENCY_OF", "Package-redis"),
        related("Package-redis", "DESCRIBES", "Package-openssl"),
        related("Package-redis", "CONTAINS", "Package-gone"),
        {"spdxElementId": "SPDXRef-Package-redis", "relatedSpdxElement": "NOASSERTION"},
        {
            "spdxElementId": "DocumentRef-other:SPDXRef-Package-redis",
            "relationshipType": "DEPENDS_ON",
            "relatedSpdxElement": "SPDXRef-Package-openssl",
        },
        None,
    ]

    document = decoded(REDIS, OPENSSL, relationships=relationships)

    assert (document.depends_on, document.root, document.issues) == (((1, 1), (0,)), None, ())


@pytest.mark.parametrize(
    ("members", "package_members"),
    [
        pytest.param(
            {"files": [FILE], "relationships": [related("Package-redis", "CONTAINS", "File-1")]}, {}, id="contained"
        ),
        pytest.param({"files": [FILE]}, {"hasFiles": ["SPDXRef-File-1"]}, id="named by the package"),
        pytest.param({}, {"files": [FILE], "checksums": [{"algorithm": "MD5", "checksumValue": "x"}]}, id="its own"),
    ],
)
def test_where_a_package_lies(members: dict[str, Any], package_members: dict[str, Any]) -> None:
    component = only(decoded(REDIS | package_members, **members))

    assert (component.digest, component.properties) == ("sha1:ab", (("FilePath", "lib/a.jar"),))


def test_an_annotated_path_wins() -> None:
    document = decoded(REDIS | {"files": [FILE], "annotations": [{"comment": "FilePath: b"}]})

    assert stated(document) == {"FilePath": "b"}


@pytest.mark.parametrize(
    ("purl", "source", "expected"),
    [
        pytest.param(
            "pkg:deb/debian/a@1", "x 1:2-3-4", {"SrcName": "x", "SrcVersion": "2-3", "SrcRelease": "4", "SrcEpoch": "1"}, id="Debian cuts at the last hyphen"
        ),
        pytest.param(
            "pkg:rpm/a@1", "x 2-3-4", {"SrcName": "x", "SrcVersion": "2", "SrcRelease": "3-4", "SrcEpoch": "0"}, id="rpm at the first"
        ),
        pytest.param("pkg:apk/alpine/a@1", "x 1-r2", {"SrcName": "x"}, id="Alpine's is the package's own"),
        pytest.param("pkg:deb/debian/a@1", "x ()", {"SrcName": "x"}, id="a version that is none"),
        pytest.param("pkg:deb/debian/a@1", "x", {"SrcName": "x"}, id="no version"),
    ],
)  # fmt: skip
def test_the_source_package(purl: str, source: str, expected: dict[str, str]) -> None:
    assert stated(decoded(package("a", "1", purl, sourceInfo=f"built package from: {source}"))) == expected


def test_an_annotated_source_name_wins() -> None:
    members = {"sourceInfo": "built package from: x", "annotations": [{"comment": "SrcName: y"}]}

    assert stated(decoded(package("a", "1", "pkg:apk/a@1", **members))) == {"SrcName": "y"}


@pytest.mark.parametrize(
    ("creator", "name", "properties"),
    [
        pytest.param("Tool: trivy-0.38", "app/Cargo.lock", (("Type", "cargo"),), id="the reference's older documents"),
        pytest.param("Tool: syft", "cargo", (), id="another tool's"),
    ],
)
def test_old_applications_have_their_path_as_source(creator: str, name: str, properties: object) -> None:
    each = {"SPDXID": "SPDXRef-Application-1", "name": "cargo", "sourceInfo": "app/Cargo.lock"}

    component = only(decoded(each, creationInfo={"creators": ["Person: x", creator]}))

    assert (component.name, component.properties) == (name, properties)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        pytest.param([{"referenceCategory": "PACKAGE_MANAGER"}], None, id="another type"),
        pytest.param([{"referenceCategory": "SECURITY", "referenceType": "purl"}], None, id="another category"),
        pytest.param(
            [{"REFERENCECATEGORY": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:gem/a@1"}],
            "pkg:gem/a@1",
            id="an underscore for the hyphen",
        ),
    ],
)
def test_package_urls(references: list[Any], expected: str | None) -> None:
    purl = only(decoded(REDIS | {"externalRefs": references})).purl

    assert (str(purl) if purl else None) == expected


@pytest.mark.parametrize(
    ("malformed", "message"),
    [
        pytest.param(7, "packages[0]: no identifier", id="a number"),
        pytest.param({"SPDXID": "redis"}, "packages[0]: no identifier", id="an identifier without its prefix"),
        pytest.param(REDIS | {"name": 7}, "packages[0]: 'name' is no text", id="a name that is a number"),
        pytest.param(
            REDIS | {"attributionTexts": "x"}, "packages[0]: 'attributionTexts' is no list", id="attribution texts"
        ),
        pytest.param(REDIS | {"externalRefs": {}}, "packages[0]: 'externalRefs' is no list", id="references"),
        pytest.param(
            REDIS | {"checksums": [1]}, "packages[0]: 'checksums' holds something that is no object", id="sums"
        ),
        pytest.param(
            package("a", "1", "pkg:x"),
            "packages[0]: 'pkg:x' is not a package URL: its type or its name is missing",
            id="a package URL",
        ),
        pytest.param(
            package("a", "1", "pkg:gem/" + "a" * 5_000),
            "packages[0]: a package URL of 5008 characters",
            id="a long one",
        ),
    ],
)
def test_malformed_packages_are_left_out(malformed: Any, message: str) -> None:
    document = decoded(malformed, OPENSSL)

    assert [each.name for each in document.components] == ["openssl"]
    assert document.issues == (
        Issue(code=IssueCode.FILE_MALFORMED, message=f"1 packages are malformed and were left out: `{message}`"),
    )


def test_malformed_files_and_relationships_are_said() -> None:
    document = decoded(REDIS, files=[1], relationships=[related("a", "CONTAINS", "b") | {"relationshipType": 1}])

    assert [(issue.message, issue.blocking) for issue in document.issues] == [
        ("1 relationships are malformed: `'relationshipType' is no text`", True),
        ("1 files are malformed and were left out: `files[0]: no object`", False),
    ]


def test_bounds() -> None:
    with pytest.raises(LimitError, match="2 packages, more than the 1 that are read"):
        decoded(REDIS, OPENSSL, limits=Limits(packages_per_file=1))
    with pytest.raises(LimitError, match="texts of more than 20 characters"):
        decoded(REDIS, limits=Limits(sbom_text_bytes=20))


def test_packages_of_the_report_have_no_reference() -> None:
    contents = read_contents(decoded(REDIS), limits=DEFAULT_LIMITS)

    (application,) = contents.applications
    assert [(each.name, each.identifier.purl, each.identifier.bom_ref) for each in application.packages] == [
        ("redis", "pkg:bitnami/redis@7", "")
    ]
