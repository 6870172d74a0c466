"""CycloneDX JSON as components: what is read, what is left out, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.cyclonedx import VERSIONS, decode_cyclonedx
from assaymark.inventory.sbom.document import Component, ComponentType, Document
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import ArtifactType
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.purl import Purl

LIBRARY = ComponentType.LIBRARY


def decoded(*components: Any, limits: Limits = DEFAULT_LIMITS, **members: Any) -> Document:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components)}
    return decode_cyclonedx(document | members, limits=limits)


def messages(document: Document) -> list[str]:
    return [issue.message for issue in document.issues]


def test_all_members_of_a_component() -> None:
    document = decoded(
        {
            "type": "library",
            "bom-ref": "c1",
            "group": "org",
            "name": "lib",
            "version": "1",
            "purl": "pkg:npm/%40org/lib@1?b=2&a=1",
            "licenses": [{"license": {"id": "MIT"}}, {"expression": "A OR B"}],
            "hashes": [{"alg": "SHA-384", "content": "no"}, {"alg": "SHA-256", "content": "ab"}],
            "properties": [
                {"name": "aquasecurity:trivy:PkgID", "value": "id"},
                {"name": "aquasecurity:trivy:FilePath", "value": "a/b"},
                {"name": "unknown", "value": "x"},
            ],
        }
    )

    assert document == Document(
        type=ArtifactType.CYCLONEDX,
        components=(
            Component(
                type=LIBRARY,
                ref="c1",
                name="lib",
                group="org",
                version="1",
                purl=Purl(type="npm", namespace="@org", name="lib", version="1", qualifiers=(("a", "1"), ("b", "2"))),
                licenses=("MIT", "A OR B"),
                digest="sha256:ab",
                properties=(("FilePath", "a/b"), ("PkgID", "id")),
            ),
        ),
        depends_on=((),),
        has_refs=True,
    )


@pytest.mark.parametrize("version", [*sorted(VERSIONS), None])
def test_versions_that_are_read(version: str | None) -> None:
    assert decoded(specVersion=version).components == ()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param({"specVersion": "1.8"}, "CycloneDX `1.8` is not a version that is read", id="a later version"),
        pytest.param({"specVersion": 1.6}, "CycloneDX `1.6` is not a version that is read", id="a number"),
        pytest.param({"specVersion": []}, r"CycloneDX `\[\]` is not", id="a list for a version"),
        pytest.param({"components": {}}, "`components` of the SBOM is no list", id="components"),
        pytest.param({"dependencies": "x"}, "`dependencies` of the SBOM is no list", id="dependencies"),
        pytest.param({"metadata": []}, "`metadata` of the SBOM is no object", id="metadata"),
    ],
)
def test_documents_that_are_refused(members: dict[str, Any], message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        decoded(**members)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("library", LIBRARY),
        ("framework", LIBRARY),
        ("application", ComponentType.APPLICATION),
        ("operating-system", ComponentType.OPERATING_SYSTEM),
        ("container", ComponentType.CONTAINER),
        ("platform", ComponentType.PLATFORM),
        ("file", ComponentType.FILE),
    ],
)
def test_types(kind: str, expected: ComponentType) -> None:
    assert [each.type for each in decoded({"type": kind}).components] == [expected]


def test_other_types_are_left_out_and_their_package_urls_are_said() -> None:
    document = decoded({"type": "firmware"}, {}, {"type": "device", "purl": "pkg:npm/a@1"})

    assert document.components == ()
    assert document.issues == (
        Issue(
            code=IssueCode.NOT_ANALYSED,
            message="1 package URLs belong to components of types that are not matched: `device pkg:npm/a@1`",
        ),
    )


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        pytest.param([{"license": {"name": "N", "id": "I"}, "expression": "E"}], ("N",), id="the name first"),
        pytest.param([{"license": {"id": "I"}, "expression": "E"}], ("I",), id="then the identifier"),
        pytest.param([{"license": {}, "expression": "E"}], ("E",), id="then the expression"),
        pytest.param([{}, {"license": None}], (), id="nothing"),
        pytest.param([{"License": {"ID": "I"}}], ("I",), id="any letter case"),
    ],
)
def test_licences(licenses: list[Any], expected: tuple[str, ...]) -> None:
    assert decoded({"type": "library", "licenses": licenses}).components[0].licenses == expected


@pytest.mark.parametrize(
    ("hashes", "expected"),
    [
        ([{"alg": "SHA-512", "content": "1"}, {"alg": "MD5", "content": "2"}], "sha512:1"),
        ([{"alg": "SHA-1", "content": "1"}], "sha1:1"),
        ([{"alg": "sha-1", "content": "1"}, {"alg": "BLAKE3", "content": "1"}], ""),
        (None, ""),
    ],
)
def test_the_first_usual_hash_counts(hashes: Any, expected: str) -> None:
    assert decoded({"type": "library", "hashes": hashes}).components[0].digest == expected


def test_names_of_members_match_in_any_letter_case() -> None:
    document = decode_cyclonedx(
        {
            "SPECVERSION": "1.6",
            "Components": [{"Type": "library", "BOM-Ref": "a", "PURL": "pkg:npm/a@1"}],
            "DEPENDENCIES": [{"REF": "a", "DEPENDSON": ["a"]}],
        },
        limits=DEFAULT_LIMITS,
    )

    assert [each.ref for each in document.components] == ["a"]
    assert document.depends_on == ((0,),)


@pytest.mark.parametrize(
    ("component", "trouble"),
    [
        pytest.param(7, "no object", id="a number"),
        pytest.param({"type": ["library"]}, "`type` is no text", id="a list for the type"),
        pytest.param({"type": "library", "name": 1}, "'name' is no text", id="a number for the name"),
        pytest.param({"type": "library", "hashes": {}}, "'hashes' is no list", id="an object for hashes"),
        pytest.param({"type": "library", "properties": [1]}, "holds something that is no object", id="a property"),
        pytest.param({"type": "library", "purl": "npm/a"}, "does not begin with", id="no package URL"),
        pytest.param({"type": "library", "purl": "pkg:npm/" + "a" * 5_000}, "of 5008 characters", id="a long one"),
        pytest.param({"type": "library", "licenses": [{"expression": 1}]}, "'expression' is no text", id="a licence"),
    ],
)
def test_a_malformed_component_costs_only_itself(component: Any, trouble: str) -> None:
    document = decoded(component, {"type": "library", "name": "b"})

    assert [each.name for each in document.components] == ["b"]
    assert [issue.code for issue in document.issues] == [IssueCode.FILE_MALFORMED]
    assert messages(document)[0].startswith("1 components are malformed and were left out: `components[0]: ")
    assert trouble.replace("`", "'") in messages(document)[0]


def test_nested_components_are_said() -> None:
    inner = {"type": "library", "purl": "pkg:npm/b@1", "components": [{"purl": "pkg:npm/c@1"}, {"name": "d"}, 7]}

    document = decoded({"type": "library", "name": "a", "components": [inner]})

    assert [each.name for each in document.components] == ["a"]
    assert messages(document) == [
        (
            "2 components are nested in others and were not read: `components[0]: pkg:npm/b@1`, "
            "`components[0]: pkg:npm/c@1`"
        )
    ]


def test_dependencies_lead_to_places() -> None:
    components = [{"type": "library", "bom-ref": ref} for ref in ("a", "b", "b", "c")]
    depends = [
        {"ref": "a", "dependsOn": ["b", "nowhere", "root", "a"]},
        {"ref": "c"},
        {"ref": "a", "dependsOn": ["c", 7]},
        {"ref": "nowhere", "dependsOn": ["a"]},
        {"ref": "root", "dependsOn": ["a"]},
    ]

    document = decoded(
        *components, dependencies=depends, metadata={"component": {"type": "container", "bom-ref": "root"}}
    )

    assert document.root == 4
    assert document.depends_on == ((2, 4, 0, 3), (), (), (), (0,))


def test_malformed_dependencies_are_said() -> None:
    document = decoded(dependencies=[7, {"ref": 1}, {"ref": "a", "dependsOn": "b"}])

    assert messages(document) == ["2 dependencies are malformed: `1`, `a`"]


@pytest.mark.parametrize(
    "root",
    [
        pytest.param({"type": "device", "name": "x"}, id="a type that is not read"),
        pytest.param({"type": "container", "name": 1}, id="malformed"),
        pytest.param(None, id="none"),
    ],
)
def test_a_root_that_cannot_be_read_is_no_root(root: Any) -> None:
    document = decoded({"type": "library"}, metadata={"component": root})

    assert (document.root, len(document.components)) == (None, 1)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        pytest.param(Limits(packages_per_file=1), "2 components, more than the 1 that are read", id="components"),
        pytest.param(Limits(sbom_text_bytes=13), "texts of more than 13 characters", id="texts"),
    ],
)
def test_bounds(limits: Limits, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        decoded({"type": "library"}, {"type": "library"}, limits=limits)
