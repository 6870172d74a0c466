"""`Package.resolved`; the shapes are those of Swift 5.3 (version 1), 5.6 (version 2) and 5.9 (version 3)."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.swift import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package

PATH = "Package.resolved"
FIRST = """\
{
  "object": {
    "pins": [
      {
        "package": "Nimble",
        "repositoryURL": "https://github.com/Quick/Nimble.git",
        "state": {"branch": null, "revision": "c93f", "version": "9.2.1"}
      }
    ]
  },
  "version": 1
}
"""
LATER = """\
{
  "originHash" : "5c41",
  "pins" : [
    {
      "identity" : "quick",
      "location" : "https://github.com/Quick/Quick",
      "state" : {"revision" : "f9d5", "version" : "7.2.0"}
    },
    {
      "location" : "git@github.com:a/b.git", "state" : {"branch" : "main", "revision" : "494d"}
    }
  ],
  "version" : %d
}
"""


def package(name: str, version: str, start: int, end: int) -> Package:
    place = Location(start_line=start, end_line=end)
    return Package(id=f"{name}@{version}", name=name, version=version, locations=(place,))


def packages(content: str) -> list[Package]:
    found, _ = run(ANALYZER, PATH, {PATH: content})
    return [each for item in found if isinstance(item, Application) for each in item.packages]


def test_version_1_pins_below_object() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: FIRST})

    assert issues == []
    nimble = package("github.com/Quick/Nimble", "9.2.1", 4, 8)
    assert found == [Application(path=PATH, type="swift", packages=(nimble,))]


@pytest.mark.parametrize("version", [2, 3])
def test_later_versions_pin_at_the_top(version: int) -> None:
    assert packages(LATER % version) == [
        package("github.com/Quick/Quick", "7.2.0", 4, 8),
        package("git@github.com:a/b", "main", 9, 11),
    ]


def test_a_version_of_which_the_pins_are_elsewhere_has_none() -> None:
    assert packages(LATER % 1) == []


def test_of_two_pins_on_one_line_the_first_has_a_place() -> None:
    pin = '{"location": "https://x/%s", "state": {"version": "1"}}'
    content = f'{{"version": 2, "pins": [\nnull, {pin % "a"}, {pin % "b"}]}}'

    assert [each.locations for each in packages(content)] == [(Location(start_line=2, end_line=2),), (Location(),)]


def test_a_pin_of_a_revision_alone_is_left_out_and_said() -> None:
    content = '{"version": 2, "pins": [{"location": "https://x/a.git", "state": {"revision": "1"}}, {"state": null}]}'

    assert run(ANALYZER, PATH, {PATH: content}) == (
        [],
        [
            Issue(
                code=IssueCode.ENTRY_IGNORED,
                message="swift: 2 packages have neither a version nor a branch and were left out (`x/a`, ``)",
                path=PATH,
                blocking=False,
            )
        ],
    )


@pytest.mark.parametrize("content", ["{}", '{"version": 2, "pins": null}', '{"object": {}, "version": 1}'])
def test_no_pins_are_no_application(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(FIRST[:100], id="a truncated file"),
        pytest.param("[]", id="a list"),
        pytest.param('{"version": "2"}', id="a version that is a text"),
        pytest.param('{"version": 2, "pins": {}}', id="pins that are an object"),
        pytest.param('{"version": 2, "pins": [{"state": {"version": 1}}]}', id="a version that is a number"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, PATH, {PATH: LATER % 2}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [("a/Package.resolved", True), ("Package.swift", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
