"""`bun.lock`; the samples have the shape that Bun 1.2 writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.bun import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package, Relationship

PATH = "app/bun.lock"
SAMPLE = """\
{ // written by Bun
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "app",
      "dependencies": { "a": "^1", },
      "devDependencies": { "d": "^1", },
      "peerDependencies": { "p": "1", },
    },
    "w": { "name": "w", "version": "3.0.0", },
  },
  "packages": {
    "a": ["a@1.0.0", "", { "dependencies": { "b": "^2" } }, "sha512-x//y=="],

    "b": ["b@2.0.0",
      { "dependencies": null }],

    "a/b": ["b@1.0.0", "", {}, "sha512-x=="],

    "d": ["d@1.0.0", { "dependencies": { "c": "1", "b": "1" } }, "tag"],

    "c": ["c@1.0.0"],

    "p": ["p@1.0.0"],

    "w": ["w@workspace:w", { "dependencies": { "d": "1" } }],

    "other": ["other@workspace:other"],
  }
}
"""
DIRECT, INDIRECT, WORKSPACE = Relationship.DIRECT, Relationship.INDIRECT, Relationship.WORKSPACE


def packages(text: str, more: Mapping[str, bytes | str] | None = None) -> list[Package]:
    found, issues = run(ANALYZER, PATH, {PATH: text, **(more or {})})
    assert issues == []
    return [package for item in found if isinstance(item, Application) for package in item.packages]


def package(name: str, version: str, lines: tuple[int, int], **members: Any) -> Package:
    place = Location(start_line=lines[0], end_line=lines[1])
    identifier = f"{name}@{version}" if version else name
    return Package(id=identifier, name=name, version=version, locations=(place,), **members)


def test_packages_with_graph_and_development() -> None:
    assert packages(SAMPLE) == [
        package("a", "1.0.0", (13, 13), relationship=DIRECT, depends_on=("b@2.0.0",)),
        package("b", "2.0.0", (15, 16), relationship=INDIRECT),
        package("a/b", "b@1.0.0", (18, 18), relationship=INDIRECT, dev=True),
        package("d", "1.0.0", (20, 20), relationship=DIRECT, dev=True, depends_on=("b@2.0.0", "c@1.0.0")),
        package("c", "1.0.0", (22, 22), relationship=INDIRECT, dev=True),
        package("p", "1.0.0", (24, 24), relationship=DIRECT),
        package("w", "3.0.0", (26, 26), relationship=WORKSPACE, depends_on=("d@1.0.0",)),
        package("other", "", (28, 28), relationship=INDIRECT, dev=True),
    ]


def test_needed_package_that_is_not_there_has_no_name() -> None:
    text = (
        '{"workspaces": {"": {"dependencies": {"a": "1"}}}, "packages": {"a": ["a@1", {"dependencies": {"b": "1"}}]}}'
    )

    assert packages(text) == [Package(), package("a", "1", (1, 1), relationship=DIRECT, depends_on=("",))]


def test_licences_come_from_installed_packages() -> None:
    installed = {"app/node_modules/a/package.json": '{"name": "a", "version": "1.0.0", "license": "MIT"}'}

    assert [each.id for each in packages(SAMPLE, installed) if each.licenses == ("MIT",)] == ["a@1.0.0"]


@pytest.mark.parametrize("text", ["{}", '{"lockfileVersion": 1, "packages": {}}', '{"packages": null}'])
def test_nothing_to_find_is_no_application(text: str) -> None:
    assert run(ANALYZER, PATH, {PATH: text}) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        SAMPLE[:500],
        '{"packages": []}',
        '{"packages": {"a": []}}',
        '{"packages": {"a": null}}',
        '{"packages": {"a": [1]}}',
        '{"packages": {"a": ["a@1", ""]}}',
        '{"packages": {"a": ["a@1", "", [], ""]}}',
        '{"packages": {"a": ["a@1"], "a": ["a@2"]}}',
        '{"lockfileVersion": "1", "packages": {"a": ["a@1"]}}',
        '{"workspaces": {"": []}, "packages": {}}',
        '{"workspaces": {"": {"dependencies": {"a": 1}}}}',
        "\ufeff{}",
    ],
)
def test_malformed_lockfiles_are_errors(text: str) -> None:
    with pytest.raises(ArtifactError):
        run(ANALYZER, PATH, {PATH: text})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SAMPLE, id="of the file"),
        pytest.param(
            '{"workspaces": {"": {"dependencies": {"a": "1"}}}, "packages": {"a": ["a@1", {"dependencies": {"b": ""}}]}}',
            id="that are missing in it",
        ),
    ],
)
def test_too_many_packages_are_refused(text: str) -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: text}, limits=limits)


@pytest.mark.parametrize(
    ("path", "wanted", "parsed"),
    [
        (PATH, True, True),
        ("bun.lockb", False, False),
        ("a/node_modules/b/package.json", True, False),
        ("a/package.json", False, False),
    ],
)
def test_claimed_paths(path: str, wanted: bool, parsed: bool) -> None:
    index = Index([ANALYZER], Options())

    assert (index.wants(path, 0o644, 1), index.parsers(path, 0o644) != []) == (wanted, parsed)
