"""`Manifest.toml` and `Project.toml`; the shapes are those of Julia 1.9 (format 2) and 1.5 (format 1)."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.julia import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package, Relationship

PATH = "app/Manifest.toml"
PROJECT = "app/Project.toml"
SECOND = """\
julia_version = "1.9.0"
manifest_format = "2.0"

[[deps.A]]
deps = ["Dates"]
uuid = "aaaa"
version = "0.1.0"

    [deps.A.extensions]
    Ext = "B"

[[deps.B]]
uuid = "bbbb"
version = "1.2.3"
[[deps.Dates]]
uuid = "dddd"
"""
FIRST = """\
[[A]]
uuid = "aaaa"
  [A.deps]
  B = "b2"
[[B]]
uuid = "b1"
version = "1"
[[B]]
uuid = "b2"
"""


def located(start: int, end: int) -> tuple[Location, ...]:
    return (Location(start_line=start, end_line=end),)


def packages(manifest: str, project: str) -> list[Package]:
    found, issues = run(ANALYZER, PATH, {PATH: manifest, PROJECT: project})
    assert issues == []
    found_packages = [each for item in found if isinstance(item, Application) for each in item.packages]
    return sorted(found_packages, key=lambda package: (package.name, package.id, package.dev))


def test_format_2_and_what_its_project_needs() -> None:
    assert packages(SECOND, '[deps]\nA = "aaaa"\nGone = "gggg"\n') == [
        Package(
            id="aaaa",
            name="A",
            version="0.1.0",
            relationship=Relationship.DIRECT,
            depends_on=("dddd",),
            locations=located(4, 7),
        ),
        Package(
            id="dddd", name="Dates", version="1.9.0", relationship=Relationship.INDIRECT, locations=located(15, 16)
        ),
    ]


def test_format_1_knows_no_version_of_julia_and_tells_names_apart_by_their_uuids() -> None:
    assert packages(FIRST, '[deps]\nA = "aaaa"\n') == [
        Package(
            id="aaaa",
            name="A",
            version="unknown",
            relationship=Relationship.DIRECT,
            depends_on=("b2",),
            locations=located(1, 2),
        ),
        Package(id="b2", name="B", version="unknown", relationship=Relationship.INDIRECT, locations=located(8, 9)),
    ]


def test_what_tests_need_is_for_development_and_may_come_twice() -> None:
    project = '[deps]\nB = "bbbb"\n[extras]\nA = "aaaa"\nB = "bbbb"\n'

    assert [(each.id, each.relationship, each.dev) for each in packages(SECOND, project)] == [
        ("aaaa", Relationship.DIRECT, True),
        ("bbbb", Relationship.DIRECT, False),
        ("bbbb", Relationship.DIRECT, True),
        ("dddd", Relationship.INDIRECT, True),
    ]


@pytest.mark.parametrize("project", ["", "deps = 'text'", '[deps]\nGone = "gggg"\n'])
def test_a_project_that_needs_nothing_is_no_application(project: str) -> None:
    assert packages(SECOND, project) == []


def test_without_a_project_everything_is_left_out_and_said() -> None:
    message = "julia: 3 packages were left out: no `Project.toml` says which of them are needed"

    assert run(ANALYZER, PATH, {PATH: SECOND}) == (
        [],
        [Issue(code=IssueCode.NOT_ANALYSED, message=message, path=PATH)],
    )


@pytest.mark.parametrize("project", ["[deps\n", "[deps]\nA = 1\n"])
def test_a_project_that_cannot_be_read_leaves_everything_in(project: str) -> None:
    found, issues = run(ANALYZER, PATH, {PATH: SECOND, PROJECT: project})

    kept = [(each.id, each.relationship) for item in found if isinstance(item, Application) for each in item.packages]
    assert kept == [(uuid, Relationship.UNKNOWN) for uuid in ("aaaa", "bbbb", "dddd")]
    assert [(issue.code, issue.path, issue.blocking) for issue in issues] == [
        (IssueCode.FILE_MALFORMED, PROJECT, False)
    ]


@pytest.mark.parametrize("deps", ['"B"', "[1]", "3"])
def test_what_is_no_list_of_names_counts_as_nothing(deps: str) -> None:
    manifest = SECOND.replace('["Dates"]', deps)

    assert [each.depends_on for each in packages(manifest, '[deps]\nA = "aaaa"\n')] == [()]


@pytest.mark.parametrize("content", ["", "manifest_format = '2.0'\n[deps]\n"])
def test_no_packages_are_no_application(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(SECOND[:70], id="a truncated file"),
        pytest.param("x = 1", id="another file"),
        pytest.param(SECOND.replace('["Dates"]', '["Missing"]'), id="a needed package is missing"),
        pytest.param('[[A]]\ndeps = ["B"]\n[[B]]\n[[B]]\n', id="two packages of a needed name"),
        pytest.param("[[A]]\nversion = 1.0\n", id="a version that is a number"),
        pytest.param("[[A]]\n[A.deps]\nB = 1\n", id="a UUID that is a number"),
        pytest.param("manifest_format = 2.0\n", id="a format that is a number"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content, PROJECT: ""})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, PATH, {PATH: SECOND}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [(PATH, True), (PROJECT, False), ("JuliaManifest.toml", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
