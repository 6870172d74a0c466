"""Components as packages: names, versions and IDs by the type of their package URLs."""

from __future__ import annotations

from typing import Any

import pytest

from assaymark.inventory.sbom.document import Component, ComponentType
from assaymark.inventory.sbom.packages import application_type, component_id, find_integer, read_package
from assaymark.model.package import BuildInfo, LayerRef, Package
from assaymark.model.purl import parse_purl


def read(purl: str, *, name: str = "n", group: str = "", **members: Any) -> Package:
    parsed = parse_purl(purl, decode_subpath=False)
    component = Component(type=ComponentType.LIBRARY, name=name, group=group, purl=parsed, **members)
    return read_package(component, parsed)


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:maven/g/a@1", "jar"),
        ("pkg:gem/a", "gemspec"),
        ("pkg:pypi/a", "python-pkg"),
        ("pkg:npm/a", "node-pkg"),
        ("pkg:golang/a", "gobinary"),
        ("pkg:conda/a", "conda-pkg"),
        ("pkg:k8s/a", "kubernetes"),
        ("pkg:k8s/eks/a", "eks"),
        ("pkg:k8s/rke/a", ""),
        ("pkg:julia/a?uuid=1", ""),
        ("pkg:generic/a", ""),
        ("pkg:deb/debian/a", ""),
    ],
)
def test_types_of_applications(purl: str, expected: str) -> None:
    assert application_type(parse_purl(purl)) == expected


@pytest.mark.parametrize(
    ("purl", "group", "expected"),
    [
        pytest.param("pkg:npm/x@1", "", "N", id="the component's own name, with its letter case"),
        pytest.param("pkg:npm/%40s/x@1", "@S", "@S/N", id="with its group"),
        pytest.param("pkg:maven/org.x/y@1", "g", "org.x:y", id="Maven"),
        pytest.param("pkg:maven/y@1", "g", "y", id="Maven without a group"),
        pytest.param("pkg:cocoapods/G@1#a%2Bb", "", "G/a%2Bb", id="a subspec, as it is spelled"),
        pytest.param("pkg:cocoapods/G@1", "", "G", id="a pod"),
        pytest.param("pkg:bitnami/Redis@1", "", "redis", id="Bitnami"),
    ],
)
def test_names(purl: str, group: str, expected: str) -> None:
    assert read(purl, name="N", group=group).name == expected


@pytest.mark.parametrize(
    ("application", "version", "expected"),
    [
        ("node-pkg", "1", "n@1"),
        ("node-pkg", "", "n"),
        ("gobinary", "1", "n@v1"),
        ("gobinary", "v1", "n@v1"),
        ("jar", "1", "n:1"),
        ("conan", "1", "n/1"),
        ("", "1:2-3", "n@1:2-3"),
    ],
)
def test_ids(application: str, version: str, expected: str) -> None:
    assert component_id(application, "n", version) == expected


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        pytest.param("pkg:rpm/x/n@1.2-3-4", ("1.2", "3-4"), id="cut at the first hyphen"),
        pytest.param("pkg:rpm/x/n@7:1.2-3", ("1.2", "3"), id="an epoch in front"),
        pytest.param("pkg:rpm/x/n@1:2:3-4", ("2:3", "4"), id="one epoch only"),
        pytest.param("pkg:rpm/x/n@1.2", ("1.2", ""), id="no release"),
        pytest.param("pkg:deb/debian/n@1.2-3", ("1.2-3", ""), id="Debian's stays whole"),
        pytest.param("pkg:apk/alpine/n@1.2-r3", ("1.2-r3", ""), id="Alpine's stays whole"),
    ],
)
def test_versions_of_system_packages(purl: str, expected: tuple[str, str]) -> None:
    package = read(purl)

    assert (package.version, package.release) == expected
    assert (package.src_name, package.src_version, package.src_release) == ("n", *expected)


def test_qualifiers_and_properties() -> None:
    package = read(
        "pkg:rpm/redhat/n@1-2?arch=x86_64&epoch=3&modularitylabel=a:b&distro=redhat-9",
        licenses=("MIT",),
        digest="md5:1",
        properties=(
            ("Arch", "amd64"),
            ("ContentSet", "a"),
            ("ContentSet", "b"),
            ("FilePath", "first"),
            ("FilePath", "second"),
            ("LayerDiffID", "sha256:d"),
            ("LayerDigest", "sha256:e"),
            ("NVR", "n-1-2"),
            ("PkgID", "its id"),
            ("SrcEpoch", "4"),
            ("SrcName", "s"),
            ("SrcRelease", "6"),
            ("SrcVersion", "5"),
            ("Type", "ignored"),
        ),
    )

    assert package == Package(
        id="its id",
        name="n",
        version="1",
        release="2",
        epoch=3,
        arch="x86_64",
        src_name="s",
        src_version="5",
        src_release="6",
        src_epoch=4,
        licenses=("MIT",),
        modularitylabel="a:b",
        build_info=BuildInfo(content_sets=("a", "b"), nvr="n-1-2", arch="amd64"),
        layer=LayerRef(digest="sha256:e", diff_id="sha256:d"),
        file_path="second",
        digest="md5:1",
    )


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param((("SrcName", "s"),), ("s", "1", "2", 3), id="a name without a version"),
        pytest.param((("SrcVersion", "5"),), ("n", "5", "2", 3), id="a version without a name"),
        pytest.param((("SrcName", "s"), ("SrcVersion", "5")), ("s", "5", "", 0), id="both, and nothing is added"),
        pytest.param((("SrcEpoch", "x"),), ("n", "1", "2", 3), id="an epoch that is no number"),
        pytest.param((), ("n", "1", "2", 3), id="nothing"),
    ],
)
def test_a_system_package_without_a_source_is_its_own(
    properties: tuple[tuple[str, str], ...], expected: tuple[str, str, str, int]
) -> None:
    package = read("pkg:rpm/x/n@1-2?epoch=3", properties=properties)

    assert (package.src_name, package.src_version, package.src_release, package.src_epoch) == expected


def test_a_language_package_has_no_source() -> None:
    assert read("pkg:npm/n@1") == Package(id="n@1", name="n", version="1")


def test_an_architecture_alone_is_no_build() -> None:
    package = read("pkg:npm/n@1", properties=(("Arch", "x"), ("LayerDigest", "")))

    assert package == Package(id="n@1", name="n", version="1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", 7), ("+7", 7), ("-7", -7), ("", None), ("1_0", None), (" 1", None), ("9" * 19, None), ("٣", None)],
)
def test_integers(text: str, expected: int | None) -> None:
    assert find_integer(text) == expected
