"""What one rpm database may cost in memory, whatever it repeats."""

from __future__ import annotations

import msgspec
from tests.support.memory_tree import tree
from tests.support.rpm_databases import ndb
from tests.support.rpm_headers import package

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import OsPackages
from assaymark.model.package import Package

PATH = "var/lib/rpm/Packages.db"
FILES = {"vendor": "CentOS", "basenames": ["a", "b"], "dirindexes": [0, 0], "dirnames": ["/usr/"]}


def analysed(*headers: bytes, **limits: int) -> tuple[list[Package], list[tuple[str, bool]]]:
    layer = analyse_layer(
        tree({PATH: ndb(headers)}),
        index=index_for("image"),
        limits=msgspec.structs.replace(DEFAULT_LIMITS, **limits),
    )
    packages = [package for found in layer.found if isinstance(found, OsPackages) for package in found.packages]
    return packages, [(issue.message, issue.blocking) for issue in layer.issues]


def test_lists_beyond_the_room_are_left_out_and_said_once() -> None:
    headers = [package(name, provides=[name], requires=["a"]) for name in "abcd"]

    packages, issues = analysed(*headers, database_list_bytes=300)

    assert [package.depends_on for package in packages] == [(), ("a@1.0-1.el9.x86_64",), (), ()]
    assert issues == [("dependencies and licences beyond what is kept were left out", False)]


def test_fields_beyond_the_room_give_the_file_up() -> None:
    packages, issues = analysed(package("a"), package("b", license="x" * 1_000), database_field_bytes=500)

    assert packages == []
    assert issues == [("rpm: fields of more than 500 bytes", True)]


def test_files_are_kept_package_by_package_while_there_is_room() -> None:
    headers = [package(name, **FILES) for name in "abc"]

    packages, issues = analysed(*headers, installed_files=5)

    assert [package.installed_files for package in packages] == [("/usr/a", "/usr/b"), ("/usr/a", "/usr/b"), ()]
    assert [blocking for _, blocking in issues] == [False]


def test_folders_count_for_each_of_their_files() -> None:
    packages, issues = analysed(package("a", **FILES), package("b", **FILES), installed_file_bytes=20)

    assert [package.installed_files for package in packages] == [("/usr/a", "/usr/b"), ()]
    assert [blocking for _, blocking in issues] == [False]
