"""What one package database may cost in memory, whatever it repeats."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import tree

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import OsPackages
from assaymark.model.package import Package

APK = "lib/apk/db/installed"
DPKG = "var/lib/dpkg/status"
LISTS = "dependencies and licences beyond what is kept were left out"


def analysed(files: dict[str, str], **limits: int) -> tuple[list[Package], list[tuple[str, bool]]]:
    layer = analyse_layer(
        tree(files), index=index_for("image"), limits=msgspec.structs.replace(DEFAULT_LIMITS, **limits)
    )
    packages = [package for found in layer.found if isinstance(found, OsPackages) for package in found.packages]
    return packages, [(issue.message, issue.blocking) for issue in layer.issues]


def depends(packages: list[Package]) -> dict[str, tuple[str, ...]]:
    return {package.id: package.depends_on for package in packages}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(APK, "P:a\nV:1\n\nP:b\nV:1\nD:a\n\nP:c\nV:1\nD:a\n\nP:d\nV:1\nD:a\n", id="apk"),
        pytest.param(
            DPKG,
            "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\nDepends: a\n\nPackage: c\nVersion: 1\nDepends: a\n\n"
            "Package: d\nVersion: 1\nDepends: a\n",
            id="dpkg",
        ),
    ],
)
def test_dependencies_that_do_not_fit_are_left_out_and_said_once(path: str, text: str) -> None:
    packages, issues = analysed({path: text}, database_list_bytes=140)

    assert depends(packages) == {"a@1": (), "b@1": ("a@1",), "c@1": ("a@1",), "d@1": ()}
    assert issues == [(LISTS, False)]


def test_provisions_and_licences_count() -> None:
    packages, issues = analysed({APK: "P:a\nV:1\np:x y z\nL:MIT\n"}, database_list_bytes=200)

    assert [package.licenses for package in packages] == [()]
    assert issues == [(LISTS, False)]


@pytest.mark.parametrize(("path", "text"), [(APK, "P:a\nV:1\nm:robin\n"), (DPKG, "Package: a\nVersion: 1\n")])
def test_fields_that_do_not_fit_give_the_file_up(path: str, text: str) -> None:
    packages, issues = analysed({path: text}, database_field_bytes=1)

    assert packages == []
    assert [("fields of more than 1 bytes" in message, blocking) for message, blocking in issues] == [(True, True)]


def test_a_long_folder_counts_for_each_of_its_files() -> None:
    packages, issues = analysed({APK: "P:a\nV:1\nF:folder\nR:one\nR:two\nR:three\n"}, installed_file_bytes=25)

    assert [package.installed_files for package in packages] == [("folder/one", "folder/two")]
    assert issues == [("installed files beyond 500000 or 25 bytes were left out", False)]


def test_a_field_that_was_cut_off_is_said_and_blocks_where_it_decides() -> None:
    text = "Package: a\nVersion: 1\nDepends: b,\n c\n\nPackage: b\nVersion: 1\nSource: x\n y\n"

    packages, issues = analysed({DPKG: text}, field_bytes=1)

    assert depends(packages) == {"a@1": ("b@1",), "b@1": ()}
    assert issues == [
        ("a field `depends` longer than 1 bytes was cut off", False),
        ("a field `source` longer than 1 bytes was cut off", True),
    ]


def test_a_copyright_file_names_a_bounded_number_of_licences() -> None:
    _, issues = analysed({"usr/share/doc/a/copyright": "License: x\nLicense: y\n"}, licenses_per_file=1)

    assert [("more than 1 licences" in message, blocking) for message, blocking in issues] == [(True, True)]
