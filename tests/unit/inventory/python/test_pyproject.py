"""What a project depends on, as its `pyproject.toml` says it."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import tree

from assaymark.inventory.analyzer import Input, Options
from assaymark.inventory.python.pyproject import Project, find_project
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.issue import Issue, IssueCode

LOCK = "app/poetry.lock"
PATH = "app/pyproject.toml"


def read(files: dict[str, str], lock: str = LOCK) -> tuple[Project | None, list[Issue]]:
    layer = tree({lock: "", **files})
    file = layer.find(lock)
    assert file is not None
    issues: list[Issue] = []
    source = Input(file=file, tree=layer, limits=DEFAULT_LIMITS, options=Options(), report=issues.append)
    return find_project(source), issues


@pytest.mark.parametrize(
    ("content", "main", "groups"),
    [
        pytest.param("", set(), set(), id="nothing"),
        pytest.param('[project]\ndependencies = ["A.b__C"]', {"a-b-c"}, set(), id="a name is normalised"),
        pytest.param(
            '[project]\ndependencies = ["a==1", "b >1", "c<2", "d(>1)", "e[x,y] (>1)", "  f"]',
            {"a", "b", "c", "d", "e", "f"},
            set(),
            id="what ends a name",
        ),
        pytest.param(
            '[project]\ndependencies = ["a~=1", "b;x", "c!=1"]', {"a~", "b;x", "c!"}, set(), id="what does not"
        ),
        pytest.param('[project.optional-dependencies]\nx = ["a"]\ny = ["b"]', {"a", "b"}, set(), id="extras"),
        pytest.param(
            '[project]\ndependencies = []\n[tool.poetry.dependencies]\nb = "*"',
            set(),
            set(),
            id="the project goes first",
        ),
        pytest.param(
            '[project.optional-dependencies]\n[tool.poetry.dependencies]\nb = "*"', set(), set(), id="and so do extras"
        ),
        pytest.param(
            '[project]\nname = "p"\n[tool.poetry.dependencies]\npython = "^3"\nB_c = {version = "*"}',
            {"python", "b-c"},
            set(),
            id="dependencies of poetry",
        ),
        pytest.param(
            '[tool.poetry.group.dev.dependencies]\na = "*"\n[tool.poetry.group.x]\noptional = true',
            set(),
            {"a"},
            id="groups of poetry",
        ),
        pytest.param('[dependency-groups]\ndev = ["a"]', set(), set(), id="groups of PEP 735 are not looked at"),
        pytest.param('[project]\ndependencies = {A = "*"}', {"a"}, set(), id="a table in the project"),
        pytest.param(
            '[project]\noptional-dependencies = "b"\n[tool.poetry]\ngroup = 5\ndependencies = {a = "*"}',
            {"a"},
            set(),
            id="extras and groups that are no tables",
        ),
        pytest.param('[tool.poetry]\ndependencies = ["a>1"]', {"a"}, set(), id="a list for poetry"),
    ],
)
def test_what_a_project_names(content: str, main: set[str], groups: set[str]) -> None:
    assert read({PATH: content}) == (Project(main=frozenset(main), groups=frozenset(groups)), [])


def test_only_the_file_in_the_same_folder_counts() -> None:
    assert read({"pyproject.toml": "", "app/sub/pyproject.toml": ""}) == (None, [])
    assert read({"pyproject.toml": ""}, lock="poetry.lock") == (Project(main=frozenset()), [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("[project", id="no TOML"),
        pytest.param("project = 5", id="a project that is a number"),
        pytest.param('[project]\ndependencies = "a"', id="a text"),
        pytest.param("[project]\ndependencies = [1]", id="a list of numbers"),
        pytest.param('[project]\ndependencies = [" "]', id="a requirement without a name"),
        pytest.param('[[project]]\nname = "a"', id="a list of projects"),
        pytest.param("[tool]\npoetry = []", id="a list for poetry's table"),
        pytest.param("[tool.poetry.group]\nx = 5", id="a group that is a number"),
        pytest.param("a = " + "[" * 1_000, id="deep lists"),
    ],
)
def test_a_project_that_cannot_be_read_is_reported(content: str) -> None:
    project, issues = read({PATH: content})
    assert project is None
    assert [(issue.code, issue.path, issue.blocking) for issue in issues] == [(IssueCode.FILE_MALFORMED, PATH, False)]
    assert issues[0].message.startswith("direct dependencies are not known: ")
