"""Packages installed by conda; the shape is what conda writes, and much longer."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.conda_pkg import ANALYZER
from assaymark.model.inventory import Application
from assaymark.model.package import Package

PATH = "opt/conda/envs/demo/conda-meta/pip-22.2.2-py38h06a4308_0.json"
SAMPLE = (
    '{"build": "py38h06a4308_0", "files": ["bin/pip"], "license": "MIT and BSD", "name": "pip", "version": "22.2.2"}'
)


def test_a_package_with_its_licences() -> None:
    package = Package(name="pip", version="22.2.2", licenses=("MIT", "BSD"), file_path=PATH)
    assert run(ANALYZER, PATH, {PATH: SAMPLE}) == ([Application(path=PATH, type="conda-pkg", packages=(package,))], [])


def test_members_match_in_any_letter_case_and_need_no_licence() -> None:
    found, _ = run(ANALYZER, PATH, {PATH: '{"Name": "a", "VERSION": "1", "license": null}'})
    package = Package(name="a", version="1", file_path=PATH)
    assert found == [Application(path=PATH, type="conda-pkg", packages=(package,))]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param("# readme", id="no JSON"),
        pytest.param(SAMPLE[:50], id="truncated"),
        pytest.param("[]", id="a list"),
        pytest.param('{"name": "a"}', id="no version"),
        pytest.param('{"version": "1"}', id="no name"),
        pytest.param('{"name": "a", "version": 1}', id="a version that is a number"),
        pytest.param('{"name": "a", "version": "1", "license": ["MIT"]}', id="a list of licences"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        (PATH, True),
        ("a/b/envs/c/d/conda-meta/e-1-0.json", True),
        ("a/envs/c/conda-meta/sub/e-1-0.json", True),
        ("envs/c/conda-meta/e-1-0.json", False),
        ("opt/conda/conda-meta/e-1-0.json", False),
        ("a/envs/conda-meta/e-1-0.json", False),
        ("a/envs/c/conda-meta/e-1.json", False),
        ("a/envs/c/conda-meta/history", False),
    ],
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
