from __future__ import annotations

import pytest

from assaymark.matching.detect import Detection
from assaymark.matching.listing import list_packages
from assaymark.matching.selection import MatchOptions
from assaymark.model.inventory import Application, Inventory, OperatingSystem
from assaymark.model.issue import IssueCode
from assaymark.model.package import Package
from assaymark.model.report import Result

BASH = Package(id="bash@1", name="bash", version="1")
NPM = Package(id="a@1", name="a", version="1")
DEV = Package(id="b@1", name="b", version="1", dev=True)
ALPINE = OperatingSystem(family="alpine", name="3.10.9")
UNKNOWN = OperatingSystem(family="fedora", name="40")
WHOLE = Inventory(
    os=ALPINE,
    packages=(BASH,),
    applications=(
        Application(path="", type="python-pkg", packages=(NPM,)),
        Application(path="app/package-lock.json", type="npm", packages=(NPM, DEV)),
        Application(path="app/empty", type="npm", packages=()),
    ),
)


def listed(inventory: Inventory, options: MatchOptions | None = None) -> Detection:
    return list_packages(inventory, artifact_name="image", options=options or MatchOptions())


def test_every_package_is_listed_where_detection_would_list_it() -> None:
    assert listed(WHOLE) == Detection(
        os=ALPINE,
        results=(
            Result(target="image (alpine 3.10.9)", class_="os-pkgs", type="alpine", packages=(BASH,)),
            Result(target="Python", class_="lang-pkgs", type="python-pkg", packages=(NPM,)),
            Result(target="app/package-lock.json", class_="lang-pkgs", type="npm", packages=(NPM,)),
        ),
    )


def test_a_distribution_without_advisories_is_listed_too() -> None:
    found = listed(Inventory(os=UNKNOWN, packages=(BASH,)))
    assert [(each.target, each.type) for each in found.results] == [("image (fedora 40)", "fedora")]
    assert found.issues == ()


def test_packages_of_nobody_s_are_listed() -> None:
    (result,) = listed(Inventory(packages=(BASH,))).results
    assert (result.target, result.type) == ("image (none )", "none")


@pytest.mark.parametrize(
    ("pkg_types", "expected"), [({"os"}, ["os-pkgs"]), ({"library"}, ["lang-pkgs", "lang-pkgs"]), (set(), [])]
)
def test_kinds_of_packages_can_be_chosen(pkg_types: set[str], expected: list[str]) -> None:
    found = listed(WHOLE, MatchOptions(pkg_types=frozenset(pkg_types)))
    assert [each.class_ for each in found.results] == expected


@pytest.mark.parametrize(
    ("inventory", "code"),
    [
        pytest.param(Inventory(), IssueCode.OS_UNKNOWN, id="an image without a system"),
        pytest.param(Inventory(os=ALPINE), IssueCode.OS_NO_PACKAGES, id="a system without packages"),
    ],
)
def test_what_cannot_be_listed_is_an_issue(inventory: Inventory, code: IssueCode) -> None:
    found = listed(inventory, MatchOptions(expects_os=True))
    assert [issue.code for issue in found.issues] == [code]
    assert found.results == ()
