"""`build.sbt.lock`; the shape is what sbt-dependency-lock writes."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.sbt_lockfile import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package

PATH = "build.sbt.lock"
SAMPLE = """\
{
  "lockVersion" : 1,
  "configurations" : ["compile", "runtime", "test"],
  "dependencies" : [
    {
      "org" : "org.apache.commons",
      "name" : "commons-lang3",
      "version" : "3.9",
      "artifacts" : [{"name" : "commons-lang3.jar", "hash" : "sha1:0122c7cee69b53ed4a7681c03d4ee4c0e2765da5"}],
      "configurations" : ["test", "compile"]
    },
    {
      "org" : "org.scala-lang",
      "name" : "scala-library",
      "version" : "2.12.10",
      "configurations" : ["runtime"]
    },
    {"org" : "org.scalatest", "name" : "scalatest_2.12", "version" : "3.0.8", "configurations" : ["test"]},
    {"org" : "a", "name" : "b", "configurations" : ["compile"]}
  ]
}
"""


def test_installed_dependencies_with_their_lines() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: SAMPLE})

    assert issues == []
    assert found == [
        Application(
            path=PATH,
            type="sbt",
            packages=(
                Package(
                    id="org.apache.commons:commons-lang3:3.9",
                    name="org.apache.commons:commons-lang3",
                    version="3.9",
                    locations=(Location(start_line=5, end_line=11),),
                ),
                Package(
                    id="org.scala-lang:scala-library:2.12.10",
                    name="org.scala-lang:scala-library",
                    version="2.12.10",
                    locations=(Location(start_line=12, end_line=17),),
                ),
                Package(id="a:b", name="a:b", locations=(Location(start_line=19, end_line=19),)),
            ),
        )
    ]


@pytest.mark.parametrize("content", ["{}", '{"dependencies": null}', '{"dependencies": []}', '{"dependencies": [{}]}'])
def test_files_without_packages(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(SAMPLE[:200], id="a truncated file"),
        pytest.param("[]", id="a list"),
        pytest.param('{"dependencies": {}}', id="dependencies that are no list"),
        pytest.param('{"dependencies": [3]}', id="a dependency that is a number"),
        pytest.param('{"dependencies": [{"org": 3}]}', id="a name that is a number"),
        pytest.param('{"dependencies": [{"configurations": "compile"}]}', id="configurations that are a text"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises(ArtifactError):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=3)
    with pytest.raises(LimitError, match="more than 3 packages"):
        run(ANALYZER, PATH, {PATH: SAMPLE}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [("a/build.sbt.lock", True), ("build.sbt", False), ("x.sbt.lock", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
