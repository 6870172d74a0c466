"""`conan.lock`; the shapes are those of Conan 1.59 (graph) and 2.0 (list)."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.conan_lock import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package, Relationship

PATH = "conan.lock"
FIRST = """\
{
 "graph_lock": {
  "nodes": {
   "0": {
    "ref": "app",
    "requires": ["1"]
   },
   "1": {
    "ref": "openssl/3.0.5@user/channel#40f4:0a3b#1f2e",
    "requires": ["2", "9"]
   },
   "2": {"ref": "zlib/system"},
   "3": {"ref": "a/b/c"}
  }
 },
 "version": "0.4"
}
"""
SECOND = """\
{
 "version": "0.5",
 "requires": [
  "sound32/1.0#83d4%1675278904.07", "inline/1",
  "matrix/1.3@user/channel",
  "nothing"
 ],
 "build_requires": ["cmake/3.25"]
}
"""


def at(start: int, end: int) -> tuple[Location, ...]:
    return (Location(start_line=start, end_line=end),)


def packages(content: str) -> list[Package]:
    found, issues = run(ANALYZER, PATH, {PATH: content})
    assert issues == []
    return [each for item in found if isinstance(item, Application) for each in item.packages]


def test_version_1_is_a_graph() -> None:
    assert packages(FIRST) == [
        Package(
            id="openssl/3.0.5",
            name="openssl",
            version="3.0.5",
            relationship=Relationship.DIRECT,
            depends_on=("zlib/system",),
            locations=at(8, 11),
        ),
        Package(
            id="zlib/system",
            name="zlib",
            version="system",
            relationship=Relationship.INDIRECT,
            locations=at(12, 12),
        ),
    ]


def test_version_2_is_a_list() -> None:
    assert packages(SECOND) == [
        Package(id="sound32/1.0", name="sound32", version="1.0", locations=at(4, 4)),
        Package(id="inline/1", name="inline", version="1", locations=(Location(),)),
        Package(id="matrix/1.3", name="matrix", version="1.3", locations=at(5, 5)),
    ]


def test_of_two_members_with_one_name_the_last_counts() -> None:
    content = '{"requires": ["a/1"],\n"requires": ["b/1"]}'

    assert packages(content) == [Package(id="b/1", name="b", version="1", locations=at(2, 2))]


def test_nodes_of_one_package_share_what_they_require() -> None:
    content = '{"graph_lock": {"nodes": {"1": {"ref": "a/1", "requires": ["3"]}, "2": {"ref": "a/1#x"}, "3": {"ref": "b/1"}}}}'

    assert [(each.id, each.depends_on) for each in packages(content)] == [
        ("a/1", ("b/1",)),
        ("a/1", ("b/1",)),
        ("b/1", ()),
    ]


@pytest.mark.parametrize(
    "content",
    ['{"graph_lock": {"nodes": {}}, "requires": ["zlib/1"]}', '{"graph_lock": null, "requires": null}', "{}"],
)
def test_no_packages_are_no_application(content: str) -> None:
    assert packages(content) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(FIRST[:90], id="a truncated file"),
        pytest.param("[]", id="a list"),
        pytest.param('{"requires": {}}', id="an object in place of the list"),
        pytest.param('{"requires": [1]}', id="a reference that is a number"),
        pytest.param('{"graph_lock": {"nodes": []}}', id="nodes in a list"),
        pytest.param('{"graph_lock": {"nodes": {"0": {"requires": [1]}}}}', id="a required number"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, PATH, {PATH: SECOND}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [("a/conan.lock", True), ("conanfile.txt", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
