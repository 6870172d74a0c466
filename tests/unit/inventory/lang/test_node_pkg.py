"""Installed Node.js packages."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.node_pkg import ANALYZER
from assaymark.limits import Limits
from assaymark.model.inventory import Application
from assaymark.model.issue import IssueCode
from assaymark.model.package import Package

PATH = "app/node_modules/a/package.json"


def test_package_with_its_licence() -> None:
    text = '{"name": "@s/a", "version": "1.0.0", "license": "MIT", "main": [], "dependencies": {"b": "^1", "c": null}}'
    package = Package(id="@s/a@1.0.0", name="@s/a", version="1.0.0", licenses=("MIT",), file_path=PATH)

    assert run(ANALYZER, PATH, {PATH: text}) == ([Application(path=PATH, type="node-pkg", packages=(package,))], [])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"NAME": "a", "Version": "1", "LICENSE": {"Type": "MIT"}}', id="other letter case"),
        pytest.param('{"name": "x", "name": "a", "version": "1", "license": [{"type": "MIT"}]}', id="a key twice"),
        pytest.param('{"name": "a", "version": "1", "license": "MIT", "description": "\\ud800"}', id="half a pair"),
        pytest.param(b'{"name": "a", "version": "1", "license": "MIT", "author": "\xff"}', id="bytes that are no text"),
        pytest.param('{"name": "a", "version": "1", "license": "MIT", "os": {"name": 1}}', id="names deeper inside"),
    ],
)
def test_odd_spellings(text: str | bytes) -> None:
    (found,), issues = run(ANALYZER, PATH, {PATH: text})

    assert isinstance(found, Application)
    assert [(each.id, each.licenses) for each in found.packages] == [("a@1", ("MIT",))]
    assert issues == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{}", id="nothing"),
        pytest.param('{"type": "module"}', id="a part of a package"),
        pytest.param('{"name": "a"}', id="no version"),
        pytest.param('{"version": "1"}', id="no name"),
        pytest.param('{"name": null, "version": null}', id="null"),
        pytest.param('{"name": "", "version": "1"}', id="an empty name"),
    ],
)
def test_what_is_no_package(text: str) -> None:
    assert run(ANALYZER, PATH, {PATH: text}) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"name": "a"',
        '{"name": "a", "version": "1"} more',
        '{"name": 1, "version": "1"}',
        '{"Name": 1, "version": "1"}',
        '{"name": "a b", "version": "1"}',
        '{"name": "../a", "version": "1"}',
        '{"name": "a\\n", "version": "1"}',
        '{"name": "a", "version": "1", "dependencies": []}',
        '{"name": "a", "version": "1", "devDependencies": {"b": {}}}',
        '{"name": "a", "version": "1", "description": "\\ud800", "version": 1}',
    ],
)
def test_malformed_files_are_told_and_install_nothing(text: str) -> None:
    found, issues = run(ANALYZER, PATH, {PATH: text})

    assert found == []
    assert [(issue.code, issue.path, issue.blocking) for issue in issues] == [(IssueCode.FILE_MALFORMED, PATH, False)]


def test_bounds_make_the_scan_incomplete() -> None:
    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: '{"a": [[[[]]]]}'}, limits=Limits(json_depth=3))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("package.json", True), (PATH, True), ("a/package-lock.json", False), ("a/xpackage.json", False)],
)
def test_claimed_paths(path: str, wanted: bool) -> None:
    assert Index([ANALYZER], Options()).wants(path, 0o644, 1) == wanted
