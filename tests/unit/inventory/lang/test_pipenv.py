"""`Pipfile.lock`; the shape is what pipenv writes."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.pipenv import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package

PATH = "app/Pipfile.lock"
SAMPLE = """\
{
    "_meta": {"pipfile-spec": 6},
    "default": {
        "werkzeug": {
            "hashes": ["sha256:1e0d"],
            "version": "==0.11.1"
        },
        "local": {"path": "."}
    },
    "develop": {
        "pytest": {"version": "==8.0.0"}
    }
}
"""


def test_the_default_section_is_read_with_its_lines() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: SAMPLE})

    assert issues == []
    assert found == [
        Application(
            path=PATH,
            type="pipenv",
            packages=(
                Package(name="werkzeug", version="0.11.1", locations=(Location(start_line=4, end_line=7),)),
                Package(name="local", locations=(Location(start_line=8, end_line=8),)),
            ),
        )
    ]


def test_an_empty_section_is_no_application() -> None:
    assert run(ANALYZER, PATH, {PATH: '{"default": {}}'}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(SAMPLE[:120], id="a truncated file"),
        pytest.param("[]", id="a list"),
        pytest.param('{"default": 3}', id="a section that is a number"),
        pytest.param('{"develop": {}}', id="no section"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises(ArtifactError):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, PATH, {PATH: SAMPLE}, limits=limits)


def test_absurd_entries_have_no_version() -> None:
    found, _ = run(ANALYZER, PATH, {PATH: '{"default": {"a": [], "b": {"version": 1}}}'})
    assert [type(item) for item in found] == [Application]
    assert [(p.name, p.version) for item in found if isinstance(item, Application) for p in item.packages] == [
        ("a", ""),
        ("b", ""),
    ]


@pytest.mark.parametrize(("path", "claimed"), [(PATH, True), ("Pipfile", False), ("Pipfile.lock.bak", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
