"""An SBOM that is scanned itself, against what the reference says of the same document."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.boms import DIGEST, FLASK, SMALL, bom, encoded

from assaymark.inventory.merge import merge_layers
from assaymark.inventory.sbom.described import Described, read_sbom
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.artifact import ArtifactType
from assaymark.model.inventory import Application, Inventory, LayerInventory, OperatingSystem
from assaymark.model.package import BuildInfo, LayerRef, Package, PackageIdentifier


def read(document: Any) -> Described:
    return read_sbom(encoded(document), limits=DEFAULT_LIMITS, what="bom.json")


def test_the_image_that_it_describes() -> None:
    described = msgspec.structs.replace(read(SMALL), inventory=LayerInventory())

    assert described == Described(
        type=ArtifactType.CYCLONEDX,
        inventory=LayerInventory(),
        is_image=True,
        image_id="sha256:cc",
        diff_ids=("sha256:aa", "sha256:bb"),
        repo_tags=("app:1",),
        repo_digests=(DIGEST,),
        reference="app:1",
        cyclonedx=encoded(SMALL),
    )


def test_the_packages_have_the_known_values() -> None:
    """The UIDs are those that the reference printed for this document."""
    assert merge_layers([read(SMALL).inventory]) == Inventory(
        os=OperatingSystem(family="alpine", name="3.10.9"),
        packages=(
            Package(
                id="musl@1.1.22-r3",
                name="musl",
                identifier=PackageIdentifier(
                    purl="pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64&distro=3.10.9", uid="4e7043c0e349933b", bom_ref="p1"
                ),
                version="1.1.22-r3",
                arch="x86_64",
                src_name="musl",
                src_version="1.1.22-r3",
                licenses=("MIT License",),
                build_info=BuildInfo(content_sets=("set",), nvr="n-1-2", arch="x86_64"),
                layer=LayerRef(digest="sha256:dd", diff_id="sha256:bb"),
                digest="sha1:ab",
            ),
        ),
        applications=(
            Application(
                path="",
                type="cocoapods",
                packages=(
                    Package(
                        id="GoogleUtilities/NSData+zlib@7.5.2",
                        name="GoogleUtilities/NSData+zlib",
                        identifier=PackageIdentifier(
                            purl="pkg:cocoapods/GoogleUtilities@7.5.2#NSData%2Bzlib",
                            uid="7c0419e56ab90509",
                            bom_ref="p3",
                        ),
                        version="7.5.2",
                    ),
                ),
            ),
            Application(
                path="",
                type="python-pkg",
                packages=(
                    Package(
                        id="flask@0.12",
                        name="flask",
                        identifier=PackageIdentifier(purl="pkg:pypi/flask@0.12", uid="8e780097db72a830", bom_ref="p2"),
                        version="0.12",
                        depends_on=("GoogleUtilities/NSData+zlib@7.5.2",),
                    ),
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(bom(), ["the SBOM lists no packages that can be matched (0 components)"], id="nothing"),
        pytest.param(
            bom({"type": "file", "name": "x"}),
            ["the SBOM lists no packages that can be matched (1 components)"],
            id="a file",
        ),
        pytest.param(bom(FLASK), [], id="a package"),
    ],
)
def test_a_document_without_packages_is_said(document: Any, expected: list[str]) -> None:
    described = read(document)

    assert [issue.message for issue in described.inventory.issues] == expected
    assert (described.is_image, described.image_id, described.diff_ids) == (False, "", ())
