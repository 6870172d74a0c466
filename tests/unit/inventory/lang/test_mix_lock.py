"""`mix.lock`; the lines are in the form that Mix 1.14 writes."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.mix_lock import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package

PATH = "app/mix.lock"
BUNT = '  "bunt": {:hex, :bunt, "0.2.0", "951c", [:mix], [], "hexpm", "7af5"},\n'
PLUG = '  "plug": {:hex, :plug, "1.3.5", "7503", [:mix], [{:mime, "~> 1.0", [hex: :mime]}], "hexpm", "bb12"},\n'
GIT = '  "esaml": {:git, "https://example.org/esaml.git", "2cc6", [branch: "main"]},\n'


def located(name: str, version: str, *lines: int) -> Package:
    places = tuple(Location(start_line=line, end_line=line) for line in lines)
    return Package(id=f"{name}@{version}", name=name, version=version, locations=places)


def ignored(message: str, *, blocking: bool = True) -> Issue:
    return Issue(code=IssueCode.ENTRY_IGNORED, message=f"mix-lock: {message}", path=PATH, blocking=blocking)


def test_each_line_is_a_package() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: f"%{{\n{BUNT}{PLUG}}}\n"})

    assert issues == []
    assert found == [
        Application(path=PATH, type="hex", packages=(located("bunt", "0.2.0", 2), located("plug", "1.3.5", 3)))
    ]


def test_a_package_on_two_lines_has_two_places() -> None:
    found, _ = run(ANALYZER, PATH, {PATH: f"%{{\r\n{BUNT}\r\n{BUNT}}}"})

    assert found == [Application(path=PATH, type="hex", packages=(located("bunt", "0.2.0", 2, 4),))]


@pytest.mark.parametrize(
    ("line", "issue"),
    [
        pytest.param(
            GIT,
            ignored("1 dependencies from git have no version and were left out (`esaml`)", blocking=False),
            id="a dependency from git has no version",
        ),
        pytest.param(
            '"a": {:hex, :a, "1.0", "aa", [:mix], [], "hexpm"},',
            ignored("1 entries could not be read and were left out (`a`)"),
            id="an entry of Hex before 0.20 is too short to be told from another",
        ),
        pytest.param(
            '"a":\n"b":\n"c":\n"d":',
            ignored("4 entries could not be read and were left out (`a`, `b`, `c`, …)"),
            id="nothing behind the colon",
        ),
    ],
)
def test_what_is_left_out_is_said(line: str, issue: Issue) -> None:
    assert run(ANALYZER, PATH, {PATH: f"%{{\n{line}\n}}\n"}) == ([], [issue])


def test_a_line_without_end_is_an_entry_that_is_not_read() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, line_bytes=100)

    found, issues = run(ANALYZER, PATH, {PATH: f"%{{\n{BUNT}{PLUG}}}\n"}, limits=limits)

    assert found == [Application(path=PATH, type="hex", packages=(located("bunt", "0.2.0", 2),))]
    assert issues == [ignored("1 entries could not be read and were left out (``)")]


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, PATH, {PATH: BUNT + PLUG}, limits=limits)


@pytest.mark.parametrize("content", ["", "%{\n}\n", "%{", "\0" * 100])
def test_nothing_is_no_application(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


@pytest.mark.parametrize(("path", "claimed"), [(PATH, True), ("mix.exs", False), ("remix.lock", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
