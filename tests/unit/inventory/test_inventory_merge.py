"""Layers joined: what hides, replaces and brings what."""

from __future__ import annotations

from typing import Any

import pytest

from assaymark.inventory.merge import merge_layers
from assaymark.inventory.operating_system import merge_os
from assaymark.model.inventory import (
    NO_SYSTEM,
    Application,
    BuildInformation,
    Found,
    Inventory,
    LayerInventory,
    OperatingSystem,
    OsPackages,
    OsRelease,
    PackageLicense,
    PackageRepositories,
    UnreadFile,
)
from assaymark.model.issue import Issue, IssueCode, Unanalysed
from assaymark.model.package import BuildInfo, LayerRef, Package, PackageIdentifier, Relationship

STATUS = "var/lib/dpkg/status"


def layer(number: int, *found: Found, **members: Any) -> LayerInventory:
    return LayerInventory(digest=f"sha256:{number}", diff_id=f"diff:{number}", found=found, **members)


def ref(number: int) -> LayerRef:
    return LayerRef(digest=f"sha256:{number}", diff_id=f"diff:{number}")


def system(family: str, name: str, **members: Any) -> OperatingSystem:
    return OperatingSystem(family=family, name=name, **members)


def release(family: str, name: str, **members: Any) -> OsRelease:
    return OsRelease(path="etc/os-release", os=system(family, name, **members))


def database(*packages: Package, path: str = STATUS) -> OsPackages:
    return OsPackages(path=path, packages=packages)


def package(name: str, version: str = "1", **members: Any) -> Package:
    return Package(id=f"{name}@{version}", name=name, version=version, **members)


def ids(inventory: Inventory) -> list[str]:
    return [item.id for item in inventory.packages]


def test_a_package_belongs_to_the_first_layer_that_holds_it() -> None:
    kept = package("a", installed_files=("/a",), identifier=PackageIdentifier(uid="1"))
    again = package("a", identifier=PackageIdentifier(uid="2"))

    merged = merge_layers([layer(1, release("debian", "12"), database(kept)), layer(2, database(again, package("b")))])

    assert merged.packages == (
        package(
            "a",
            installed_files=("/a",),
            identifier=PackageIdentifier(purl="pkg:deb/debian/a@1?distro=debian-12", uid="2"),
            layer=ref(1),
        ),
        package("b", identifier=PackageIdentifier(purl="pkg:deb/debian/b@1?distro=debian-12"), layer=ref(2)),
    )


def test_epoch_and_architecture_do_not_count_for_the_layer() -> None:
    merged = merge_layers([layer(1, database(package("a", epoch=1))), layer(2, database(package("a", arch="arm64")))])

    assert [item.layer for item in merged.packages] == [ref(1)]


def test_a_later_database_replaces_an_earlier_one() -> None:
    merged = merge_layers([layer(1, database(package("a"))), layer(2, database())])

    assert ids(merged) == []


def test_databases_of_other_names_stand_beside_each_other() -> None:
    merged = merge_layers(
        [
            layer(1, database(package("a"), path="var/lib/dpkg/status.d/a")),
            layer(2, database(package("a"), package("b"), path="var/lib/dpkg/status.d/b")),
        ]
    )

    assert ids(merged) == ["a@1", "b@1"]


@pytest.mark.parametrize(
    ("whiteouts", "opaque", "left"),
    [
        ((STATUS,), (), []),
        (("var/lib",), (), []),
        ((), ("var/lib/dpkg",), []),
        ((), ("",), []),
        (("var/lib/dpk",), (), ["a@1"]),
        ((f"{STATUS}/x",), (), ["a@1"]),
        (("other/place",), ("other",), ["a@1"]),
    ],
)
def test_whiteouts_hide_what_is_below(whiteouts: tuple[str, ...], opaque: tuple[str, ...], left: list[str]) -> None:
    merged = merge_layers([layer(1, database(package("a"))), layer(2, whiteouts=whiteouts, opaque=opaque)])

    assert ids(merged) == left


def test_what_an_opaque_layer_brings_itself_stays() -> None:
    merged = merge_layers([layer(1), layer(2, database(package("a")), opaque=("var",), whiteouts=(STATUS,))])

    assert ids(merged) == ["a@1"]


def test_lockfiles_stay_apart_and_replace_themselves() -> None:
    def app(path: str, *packages: Package) -> Application:
        return Application(path=path, type="npm", packages=packages)

    merged = merge_layers(
        [layer(1, app("b/l", package("x")), app("a/l", package("x"))), layer(2, app("a/l", package("y")))]
    )

    assert [
        (item.path, [(p.id, p.identifier.purl, p.layer) for p in item.packages]) for item in merged.applications
    ] == [
        ("a/l", [("y@1", "pkg:npm/y@1", ref(2))]),
        ("b/l", [("x@1", "pkg:npm/x@1", ref(1))]),
    ]


def test_installed_packages_are_gathered() -> None:
    def installed(name: str) -> Application:
        path = f"lib/{name}.egg-info"
        return Application(path=path, type="python-pkg", packages=(Package(name=name, version="1", file_path=path),))

    merged = merge_layers(
        [layer(1, installed("b"), installed("c")), layer(2, installed("a"), whiteouts=("lib/c.egg-info",))]
    )

    assert [(item.path, item.type, [(p.name, p.layer) for p in item.packages]) for item in merged.applications] == [
        ("", "python-pkg", [("a", ref(2)), ("b", ref(1))])
    ]


def test_packages_are_ordered_by_relationship_first() -> None:
    found = Application(
        path="l",
        type="npm",
        packages=(
            package("a"),
            package("d", relationship=Relationship.INDIRECT),
            package("c", relationship=Relationship.DIRECT),
            package("b", "10", relationship=Relationship.DIRECT),
            package("b", "9", relationship=Relationship.DIRECT),
            package("e", relationship=Relationship.ROOT),
        ),
    )

    (application,) = merge_layers([layer(1, found)]).applications

    assert [item.id for item in application.packages] == ["e@1", "b@10", "b@9", "c@1", "d@1", "a@1"]


def test_copyright_files_give_licences_by_name() -> None:
    merged = merge_layers(
        [
            layer(1, database(package("a", licenses=("X",)), package("b", licenses=("Y",)))),
            layer(2, PackageLicense(path="usr/share/doc/a/copyright", package="a", licenses=("MIT",))),
        ]
    )

    assert [item.licenses for item in merged.packages] == [("MIT",), ("Y",)]


def test_directories_have_no_layer() -> None:
    merged = merge_layers([LayerInventory(found=(database(package("a")),))])

    assert merged.packages[0] == package("a")


BUILD_A, BUILD_B = BuildInfo(content_sets=("a",)), BuildInfo(nvr="n", arch="x")


@pytest.mark.parametrize(
    ("builds", "expected"),
    [
        pytest.param([None, BUILD_A, None], [BUILD_A, BUILD_A, BUILD_A], id="the base takes the next one's"),
        pytest.param([BUILD_A, None, BUILD_B], [BUILD_A, BUILD_A, BUILD_B], id="others take the nearest below"),
        pytest.param([None, None, BUILD_A], [None, None, BUILD_A], id="the base looks no further"),
        pytest.param([None], [None], id="one layer"),
    ],
)
def test_red_hat_build_facts(builds: list[BuildInfo | None], expected: list[BuildInfo | None]) -> None:
    layers = [
        layer(
            number,
            database(package(f"p{number}"), path=f"db/{number}"),
            *([BuildInformation(path="root", build_info=build)] if build else []),
        )
        for number, build in enumerate(builds)
    ]

    assert [item.build_info for item in merge_layers(layers).packages] == expected


def test_build_facts_of_one_layer_are_joined() -> None:
    found = [BuildInformation(path=str(number), build_info=build) for number, build in enumerate([BUILD_A, BUILD_B])]

    (item,) = merge_layers([layer(1, database(package("a")), *found)]).packages

    assert item.build_info == BuildInfo(content_sets=("a",), nvr="n", arch="x")


@pytest.mark.parametrize(
    ("known", "other", "expected"),
    [
        pytest.param(NO_SYSTEM, system("alpine", "3"), system("alpine", "3"), id="the first"),
        pytest.param(system("alpine", "3"), NO_SYSTEM, system("alpine", "3"), id="nothing new"),
        pytest.param(system("centos", "7.6"), system("centos", "7"), system("centos", "7.6"), id="the first stays"),
        pytest.param(
            system("debian", "trixie/sid"), system("ubuntu", "24.04"), system("ubuntu", "24.04"), id="a guess"
        ),
        pytest.param(system("redhat", "8"), system("oracle", "8.8"), system("oracle", "8.8"), id="another guess"),
        pytest.param(
            system("ubuntu", "24.04"),
            system("ubuntu", "", extended=True),
            system("ubuntu", "24.04", extended=True),
            id="extended support",
        ),
        pytest.param(
            system("debian", "12"),
            system("", "", supplier="s"),
            system("debian", "12", supplier="s"),
            id="a supplier is no family",
        ),
        pytest.param(
            system("debian", "12", supplier="s"),
            system("ubuntu", "24.04"),
            system("ubuntu", "24.04", supplier="s"),
            id="the supplier stays",
        ),
        pytest.param(NO_SYSTEM, system("debian gnu/linux", "12"), system("debian", "12"), id="an older spelling"),
    ],
)
def test_operating_systems_are_merged(
    known: OperatingSystem, other: OperatingSystem, expected: OperatingSystem
) -> None:
    assert merge_os(known, other) == expected


def test_releases_are_merged_layer_by_layer() -> None:
    merged = merge_layers(
        [layer(1, release("debian", "12")), layer(2, release("ubuntu", "24"), release("ubuntu", "25"))]
    )

    assert merged.os == system("ubuntu", "24")


REPOSITORY = PackageRepositories(path="etc/apk/repositories", family="alpine", release="3.19")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), None),
        ((database(package("a")),), system("none", "")),
        ((REPOSITORY, database(package("a"))), system("alpine", "3.19")),
        ((REPOSITORY, release("alpine", "3.18")), system("alpine", "3.18")),
    ],
    ids=["nothing", "packages alone", "repositories", "a release file"],
)
def test_a_missing_system_is_assumed(found: tuple[Found, ...], expected: OperatingSystem | None) -> None:
    merged = merge_layers([layer(1, *found)])

    assert merged.os == expected
    assert all(not item.identifier.purl for item in merged.packages)


def test_the_last_repository_counts() -> None:
    newer = PackageRepositories(path="etc/apk/repositories", family="alpine", release="edge")

    assert merge_layers([layer(1, REPOSITORY), layer(2, newer)]).repository == newer


def test_issues_and_counts_add_up() -> None:
    issue = Issue(code=IssueCode.FILE_MALFORMED, message="m", layer="diff:1")
    one = layer(1, issues=(issue,), not_analysed=(Unanalysed(kind="jar", count=2, examples=("a.jar", "b.jar")),))
    two = layer(2, not_analysed=(Unanalysed(kind="jar", count=3, examples=("a.jar", "c.jar", "d.jar")),))

    merged = merge_layers([one, two])

    assert merged.issues == (issue,)
    assert merged.not_analysed == (Unanalysed(kind="jar", count=5, examples=("a.jar", "b.jar", "c.jar")),)


JARS = (UnreadFile("srv/a.jar", "jar"), UnreadFile("opt/b.jar", "jar"))


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        pytest.param(layer(2), (2, ("opt/b.jar", "srv/a.jar")), id="both are there"),
        pytest.param(layer(2, unread=JARS), (2, ("opt/b.jar", "srv/a.jar")), id="written again is one file"),
        pytest.param(layer(2, whiteouts=("srv/a.jar",)), (1, ("opt/b.jar",)), id="one is deleted"),
        pytest.param(layer(2, opaque=("opt",)), (1, ("srv/a.jar",)), id="a folder is hidden"),
    ],
)
def test_unread_files_count_while_they_are_there(above: LayerInventory, expected: tuple[int, tuple[str, ...]]) -> None:
    merged = merge_layers([layer(1, unread=JARS), above])

    assert merged.not_analysed == (Unanalysed(kind="jar", count=expected[0], examples=expected[1]),)


BROKEN = Issue(code=IssueCode.FILE_MALFORMED, message="m", path="lib/apk/db/installed", layer="diff:1")
AGAIN = Issue(code=IssueCode.FILE_MALFORMED, message="m", path="lib/apk/db/installed", layer="diff:2")
NOWHERE = Issue(code=IssueCode.ENTRY_IGNORED, message="n", layer="diff:1")


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        pytest.param(layer(2), (BROKEN, NOWHERE), id="the file is still there"),
        pytest.param(layer(2, whiteouts=("lib",)), (NOWHERE,), id="its folder is deleted"),
        pytest.param(
            layer(2, OsPackages(path="lib/apk/db/installed", packages=())), (NOWHERE,), id="a good file replaces it"
        ),
        pytest.param(layer(2, issues=(AGAIN,)), (NOWHERE, AGAIN), id="another bad file replaces it"),
    ],
)
def test_what_was_wrong_with_a_file_counts_while_it_is_there(
    above: LayerInventory, expected: tuple[Issue, ...]
) -> None:
    assert merge_layers([layer(1, issues=(BROKEN, NOWHERE)), above]).issues == expected


def test_no_layers_are_nothing() -> None:
    assert merge_layers([]) == Inventory()
