"""Layers joined where an SBOM in them states packages, too."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from assaymark.inventory.merge import merge_layers
from assaymark.model.inventory import Application, LayerInventory, OperatingSystem, OsPackages, OsRelease
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import BuildInfo, LayerRef, Package, PackageIdentifier


def layer(*found: OsRelease | OsPackages | Application) -> LayerInventory:
    return LayerInventory(digest="sha256:1", diff_id="diff:1", found=found)


def release(family: str) -> OsRelease:
    return OsRelease(path="etc/os-release", os=OperatingSystem(family=family, name="1"))


def database(*packages: Package, path: str = "var/lib/dpkg/status") -> OsPackages:
    return OsPackages(path=path, packages=packages)


def package(name: str, **members: Any) -> Package:
    return Package(id=f"{name}@1", name=name, version="1", **members)


def stated(name: str, purl: str, **members: Any) -> Package:
    """A package as an SBOM states it."""
    return package(name, identifier=PackageIdentifier(purl=purl, bom_ref=name), **members)


def test_an_sbom_keeps_what_it_states() -> None:
    build = BuildInfo(nvr="n-1-2")
    own = stated("a", "pkg:deb/debian/a@1", layer=LayerRef(diff_id="its own"), build_info=build)
    other = stated("b", "pkg:deb/debian/b@1?x=y", build_info=build)
    lib = stated("c", "pkg:npm/c@1", layer=LayerRef(digest="its own"))

    inventory = merge_layers(
        [layer(release("debian"), database(own, other), Application(path="x", type="npm", packages=(lib,)))]
    )

    assert inventory.packages == (
        own,
        msgspec.structs.replace(other, layer=LayerRef(digest="sha256:1", diff_id="diff:1")),
    )
    assert inventory.applications[0].packages == (lib,)


def test_the_package_manager_knows_better_than_an_sbom() -> None:
    by_manager = package("a", analyzed_by="dpkg", maintainer="M")
    by_sbom = stated("a", "pkg:deb/debian/a@1", analyzed_by="sbom")
    only_there = stated("b", "pkg:deb/debian/b@1", analyzed_by="sbom")

    inventory = merge_layers([layer(database(by_sbom, only_there, path="a.cdx.json"), database(by_manager))])

    assert [(each.id, each.analyzed_by) for each in inventory.packages] == [("a@1", "dpkg"), ("b@1", "sbom")]


@pytest.mark.parametrize(
    ("family", "left"),
    [
        pytest.param("debian", ["a@1", "d@1"], id="its own and those without a namespace"),
        pytest.param("sles", ["b@1", "d@1"], id="the vendor's name"),
        pytest.param("", ["a@1", "b@1", "c@1", "d@1"], id="no system, and everything stays"),
    ],
)
def test_an_sbom_of_another_distribution(family: str, left: list[str]) -> None:
    packages = (
        stated("a", "pkg:deb/debian/a@1"),
        stated("b", "pkg:rpm/suse/b@1"),
        stated("c", "pkg:apk/alpine/c@1"),
        package("d"),
    )

    inventory = merge_layers([layer(release(family), database(*packages))])

    assert [each.id for each in inventory.packages] == left
    assert [issue.code for issue in inventory.issues] == [IssueCode.NOT_ANALYSED] * (1 if family else 0)


def test_what_is_left_out_of_an_sbom_is_said() -> None:
    packages = (stated("a", "pkg:deb/ubuntu/a@1"), stated("b", "pkg:rpm/suse/b@1"), stated("c", "pkg:apk/alpine/c@1"))

    inventory = merge_layers([layer(release("alpine"), database(*packages))])

    assert inventory.issues == (
        Issue(
            code=IssueCode.NOT_ANALYSED,
            message="2 packages that an SBOM states are of `suse`, `ubuntu` and not of `alpine`",
        ),
    )
