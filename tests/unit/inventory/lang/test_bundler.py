"""`Gemfile.lock`; the shape is what Bundler writes."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.bundler import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import EMPTY_LIST, Location, Package, Relationship

PATH = "app/Gemfile.lock"
SAMPLE = """\
GIT
  remote: https://github.com/acme/own.git
  specs:
    own (0.1.0)
      rack (>= 1)

GEM
  remote: https://rubygems.org/
  specs:
    byebug (11.1.3)
      bundler (>= 1)
    nokogiri (1.10.4)
      mini_portile2 (~> 2.4.0)
    nokogiri (1.10.4-x86_64-linux)
    rack (1.6.0)
    rails (4.2.0.rc1)
      bundler (>= 1.3.0, < 2.0)
      rack (~> 1.6)
      nokogiri

DEPENDENCIES
  own!
  nokogiri (~> 1.10)
  rails (= 4.2.0.rc1)

CHECKSUMS
  rack (1.6.0) sha256=00

BUNDLED WITH
   2.1.4
"""


def gem(name: str, version: str, line: int, depends_on: tuple[str, ...] = (), *, direct: bool = False) -> Package:
    return Package(
        id=f"{name}@{version}",
        name=name,
        version=version,
        relationship=Relationship.DIRECT if direct else Relationship.INDIRECT,
        depends_on=depends_on,
        locations=(Location(start_line=line, end_line=line),),
    )


def packages(content: str | bytes) -> list[Package]:
    found, issues = run(ANALYZER, PATH, {PATH: content})
    assert issues == []
    assert [(item.path, item.type) for item in found if isinstance(item, Application)] == [(PATH, "bundler")]
    return [each for item in found if isinstance(item, Application) for each in item.packages]


def test_gems_of_every_source_are_read() -> None:
    assert packages(SAMPLE) == [
        gem("own", "0.1.0", 4, ("rack@1.6.0",)),
        gem("byebug", "11.1.3", 10, EMPTY_LIST),
        gem("nokogiri", "1.10.4", 14, EMPTY_LIST, direct=True),
        gem("rack", "1.6.0", 15),
        gem("rails", "4.2.0.rc1", 16, ("rack@1.6.0", "nokogiri@1.10.4"), direct=True),
    ]


def test_dependencies_that_no_gem_has_leave_an_empty_list() -> None:
    by_name = {each.name: each.depends_on for each in packages(SAMPLE)}

    assert by_name["byebug"] is EMPTY_LIST
    assert by_name["rack"] is not EMPTY_LIST


def test_line_ends_of_windows_do_not_matter() -> None:
    assert packages(SAMPLE.replace("\n", "\r\n")) == packages(SAMPLE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("    a (1.0)\n", [gem("a", "1.0", 1)], id="no section"),
        pytest.param("    a\n    b (1)\n", [gem("b", "1", 1)], id="a line without a version is not counted"),
        pytest.param("    a (1) x\n     b (1)\n    c (2)\n", [gem("c", "2", 2)], id="three words, five blanks"),
        pytest.param(
            "    a ()\n",
            [
                Package(
                    id="a",
                    name="a",
                    relationship=Relationship.INDIRECT,
                    locations=(Location(start_line=1, end_line=1),),
                )
            ],
            id="empty parentheses",
        ),
        pytest.param("    a (1)\n    a (2)\n", [gem("a", "2", 2)], id="the last of one name"),
        pytest.param(
            "DEPENDENCIES\n  a\n  b\n\n    a (1)\n      b\n    b (1)\n",
            [gem("a", "1", 2, ("b@1",), direct=True), gem("b", "1", 4, direct=True)],
            id="lines below DEPENDENCIES are not counted",
        ),
        pytest.param(
            "    a (1)\n      b\n    oops\n      c\n    b (1)\n    c (1)\n",
            [gem("a", "1", 1, ("c@1",)), gem("b", "1", 4), gem("c", "1", 5)],
            id="what follows a line without a version belongs to the gem before",
        ),
        pytest.param("    a (1)\n       \n      \n", [gem("a", "1", 1)], id="blanks alone"),
        pytest.param(b"    a\xff (1)\n", [gem("a\ufffd", "1", 1)], id="no UTF-8"),
    ],
)
def test_odd_lines(content: str | bytes, expected: list[Package]) -> None:
    assert packages(content) == expected


@pytest.mark.parametrize("content", ["", "GEM\n  specs:\n", "\x00" * 100, "DEPENDENCIES\n  a\n"])
def test_a_file_without_gems_is_no_application(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


def test_a_line_that_is_too_long_is_left_out_and_counted() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, line_bytes=20)

    found, issues = run(ANALYZER, PATH, {PATH: f"    a (1)\n    {'b' * 30} (1)\n    c (1)\n"}, limits=limits)

    assert found == [Application(path=PATH, type="bundler", packages=(gem("a", "1", 1), gem("c", "1", 3)))]
    assert [issue.path for issue in issues] == [PATH]


@pytest.mark.parametrize(
    ("content", "bound"),
    [
        pytest.param("    a (1)\n    b (1)\n    c (1)\n", "packages_per_file", id="gems"),
        pytest.param("    a (1)\n      b\n      b\n      b\n", "dependency_edges", id="dependencies"),
        pytest.param("DEPENDENCIES\n  b\n  b\n  b\n", "dependency_edges", id="direct dependencies"),
    ],
)
def test_more_than_the_limit_is_refused(content: str, bound: str) -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, **{bound: 2})
    with pytest.raises(LimitError, match="more than 2"):
        run(ANALYZER, PATH, {PATH: content}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [(PATH, True), ("Gemfile", False), ("gems.locked", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
