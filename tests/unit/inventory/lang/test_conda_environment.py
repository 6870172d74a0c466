"""Conda's environments; the shapes are what `conda env export` and people write."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.conda_environment import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package

PATH = "environment.yml"
SAMPLE = """\
name: demo
channels:
  - defaults
dependencies:
  - python=3.8.10=h12debd9_8
  - numpy >=1.20
  - pip:
      - pandas==2.1.4
      - requests
prefix: /opt/conda/envs/demo
"""


def package(name: str, version: str, line: int) -> Package:
    return Package(name=name, version=version, locations=(Location(start_line=line, end_line=line),))


def test_an_environment_with_a_list_for_pip() -> None:
    assert run(ANALYZER, PATH, {PATH: SAMPLE}) == (
        [
            Application(
                path=PATH,
                type="conda-environment",
                packages=(
                    package("python", "3.8.10", 5),
                    package("numpy", "", 6),
                    package("pandas", "2.1.4", 8),
                    package("requests", "", 9),
                ),
            )
        ],
        [],
    )


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("a", "a", ""),
        ("a 1.2", "a", "1.2"),
        ("a ==1.2", "a", "1.2"),
        ("a 1.2 py27_0", "a", "1.2"),
        ("a=1.2=py27_0", "a", "1.2"),
        ("a=1.2.*", "a", ""),
        ("a<2", "a", ""),
        ("a >=1,<2", "a", ""),
        ("conda-forge::a=1", "conda-forge::a", "1"),
    ],
)
def test_what_a_specification_names(text: str, name: str, version: str) -> None:
    (application,) = run(ANALYZER, PATH, {PATH: f"dependencies:\n- {text}\n"})[0]
    assert isinstance(application, Application)
    assert application.packages == (package(name, version, 2),)


@pytest.mark.parametrize(
    "content",
    ["name: a\n", "dependencies:\n", "dependencies: []", "dependencies:\n- ~\n- ''\n- {}\n", "dependencies: [pip: []]"],
)
def test_nothing_to_install_is_no_application(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param("- a", id="a list"),
        pytest.param("dependencies: a", id="one dependency that is no list"),
        pytest.param("dependencies: {a: b}", id="an object of dependencies"),
        pytest.param("dependencies:\n- 1\n", id="a number"),
        pytest.param("dependencies:\n- 1.5e3\n", id="a number with an exponent"),
        pytest.param("dependencies:\n- 2024-01-01\n", id="a date"),
        pytest.param("dependencies:\n- true\n", id="a Boolean"),
        pytest.param("dependencies:\n- [a]\n", id="a list in the list"),
        pytest.param("dependencies:\n- pip: a\n", id="a manager with one package"),
        pytest.param("dependencies:\n- pip:\n", id="a manager with nothing"),
        pytest.param("dependencies:\n- pip: [{a: b}]\n", id="an object for a manager"),
        pytest.param("name: a\nname: b\n", id="a key twice"),
        pytest.param("dependencies: [a\n", id="an open list"),
        pytest.param("--- {}\n--- {}\n", id="two documents"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises(ArtifactError):
        run(ANALYZER, PATH, {PATH: content})


def test_more_values_than_packages_are_allowed_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=3)
    with pytest.raises(LimitError, match="more than 3 nodes"):
        run(ANALYZER, PATH, {PATH: SAMPLE}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claimed"), [("a/environment.yaml", True), (PATH, True), ("environments.yml", False), ("env.yml", False)]
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
