"""`package-lock.json`; the samples have the shape that npm 6, 8 and 9 write."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.npm import ANALYZER
from assaymark.inventory.nodejs.package_json import is_package_root, license_names, workspace_patterns
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.issue import IssueCode
from assaymark.model.package import Location, Package, Relationship

PATH = "app/package-lock.json"
VERSION_3 = """\
{
  "name": "app",
  "lockfileVersion": 3,
  "packages": {
    "": {
      "dependencies": {"a": "^1", "missing": "1"},
      "devDependencies": {"c": "^1"}
    },
    "node_modules/a": {
      "version": "1.0.0",
      "license": "MIT",
      "dependencies": {"b": "^1"},
      "optionalDependencies": {"gone": "*"},
      "peerDependencies": {"c": "^1"}
    },
    "node_modules/a/node_modules/b": {
      "version": "1.0.0"
    },
    "node_modules/b": {
      "version": "2.0.0",
      "dependencies": {"b": "*"}
    },
    "node_modules/c": {
      "version": "1.0.0",
      "dev": true,
      "license": {"type": "ISC"}
    }
  }
}
"""
VERSION_1 = """\
{
  "lockfileVersion": 1,
  "requires": true,
  "dependencies": {
    "a": {
      "version": "1.0.0",
      "requires": {"b": "^1", "c": "*", "gone": "1"},
      "dependencies": {
        "b": {
          "version": "1.0.0",
          "requires": {"a": "*"}
        }
      }
    },
    "b": {
      "version": "2.0.0",
      "dev": true
    },
    "c": {
      "version": "1.0.0"
    }
  }
}
"""


def packages(text: str, more: dict[str, bytes | str] | None = None) -> tuple[Package, ...]:
    found, _ = run(ANALYZER, PATH, {PATH: text, **(more or {})})
    return tuple(package for item in found if isinstance(item, Application) for package in item.packages)


def package(identifier: str, first: int, last: int, **members: Any) -> Package:
    name, _, version = identifier.rpartition("@")
    location = Location(start_line=first, end_line=last)
    return Package(id=identifier, name=name, version=version, locations=(location,), **members)


def lock(folders: dict[str, Any]) -> str:
    return json.dumps({"lockfileVersion": 3, "packages": folders}, indent=1)


def test_folders_become_a_graph() -> None:
    direct, indirect = Relationship.DIRECT, Relationship.INDIRECT

    assert packages(VERSION_3) == (
        package("a@1.0.0", 9, 15, licenses=("MIT",), relationship=direct, depends_on=("b@1.0.0", "c@1.0.0")),
        package("b@1.0.0", 16, 18, relationship=indirect),
        package("b@2.0.0", 19, 22, relationship=indirect, depends_on=("b@2.0.0",)),
        package("c@1.0.0", 23, 27, licenses=("ISC",), relationship=direct, dev=True),
    )


def test_nested_dependencies_become_a_graph() -> None:
    assert packages(VERSION_1) == (
        package("a@1.0.0", 5, 14, depends_on=("b@1.0.0", "c@1.0.0")),
        package("b@1.0.0", 9, 12, depends_on=("a@1.0.0",)),
        package("b@2.0.0", 15, 18, dev=True),
        package("c@1.0.0", 19, 21),
    )


def test_links_take_workspaces_into_node_modules() -> None:
    found = packages(
        lock(
            {
                "": {"workspaces": {"packages": ["packages/*"]}},
                "node_modules/w": {"resolved": "packages/w", "link": True},
                "node_modules/@s/other": {"resolved": "elsewhere", "link": True},
                "node_modules/broken": {"link": True},
                "packages/w": {"version": "1.0.0"},
                "packages/w/node_modules/x": {"version": "1.0.0"},
                "elsewhere": {"version": "2.0.0", "dependencies": {"x": "*"}},
            }
        )
    )

    assert [(p.id, p.relationship.value, p.depends_on) for p in found] == [
        ("w@1.0.0", "direct", ()),
        ("@s/other@2.0.0", "indirect", ()),
        ("x@1.0.0", "indirect", ()),
    ]


def test_one_version_in_two_folders_is_one_package() -> None:
    (found,) = packages(
        lock(
            {
                "": {"dependencies": {"a": "1"}},
                "node_modules/b/node_modules/a": {"version": "1", "dev": True},
                "node_modules/a": {"version": "1", "license": "MIT"},
            }
        )
    )

    assert (found.dev, found.relationship, found.licenses) == (False, Relationship.DIRECT, ("MIT",))
    assert [location.start_line for location in found.locations] == [9, 13]


def test_of_a_folder_named_twice_the_last_counts() -> None:
    text = (
        '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1"}, "node_modules/a": {"version": "2"}}}'
    )

    assert [each.id for each in packages(text)] == ["a@2"]


def test_folder_may_hold_a_package_of_another_name() -> None:
    (found,) = packages(lock({"node_modules/alias": {"name": "real", "version": "1"}}))

    assert found.id == "real@1"


def test_document_on_one_line_has_one_location() -> None:
    text = json.dumps({"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1"}, "node_modules/b": {}}})

    assert [p.locations for p in packages(text)] == [(Location(start_line=1, end_line=1),), (Location(),)]


def test_missing_licences_come_from_installed_packages() -> None:
    text = lock({"node_modules/a": {"version": "1"}, "node_modules/b": {"version": "1", "license": "MIT"}})
    found = packages(
        text,
        {
            "app/node_modules/a/package.json": '{"Name":"a","version":"1","license":[{"type":"ISC"}]}',
            "app/node_modules/a/sub/package.json": '{"name":"a","version":"1","license":"WRONG"}',
            "app/node_modules/b/package.json": '{"name":"b","version":"1","license":"WRONG"}',
            "node_modules/a/package.json": '{"name":"a","version":"1","license":"WRONG"}',
        },
    )

    assert [p.licenses for p in found] == [("ISC",), ("MIT",)]


@pytest.mark.parametrize("content", ["{", "[]", '{"name":"/","version":"1"}', '{"name":1}'])
def test_unreadable_package_json_costs_the_licence_only(content: str) -> None:
    files = {PATH: lock({"node_modules/a": {"version": "1"}}), "app/node_modules/a/package.json": content}

    found, issues = run(ANALYZER, PATH, files)

    assert len(found) == 1
    assert [(issue.code, issue.blocking) for issue in issues] == [(IssueCode.FILE_MALFORMED, False)]


@pytest.mark.parametrize("name", ["SEE LICENSE IN FILE", "LicenseRef-x"])
def test_licences_in_files_are_not_classified(name: str) -> None:
    installed = json.dumps({"name": "a", "version": "1", "license": name})

    (found,) = packages(lock({"node_modules/a": {"version": "1"}}), {"app/node_modules/a/package.json": installed})

    assert found.licenses == ()


@pytest.mark.parametrize(
    "text", ["{}", '{"lockfileVersion":1}', '{"lockfileVersion":3,"packages":{"":{}}}', '{"packages":{"src/a":{}}}']
)
def test_nothing_to_find_is_no_application(text: str) -> None:
    assert run(ANALYZER, PATH, {PATH: text}) == ([], [])


@pytest.mark.parametrize("text", ["", "[]", VERSION_3[:300], "null", "\ufeff{}"])
def test_what_is_no_object_is_an_error(text: str) -> None:
    with pytest.raises(ArtifactError):
        run(ANALYZER, PATH, {PATH: text})


@pytest.mark.parametrize(
    "document",
    [
        {"packages": [1]},
        {"packages": {"node_modules/a": 1}},
        {"packages": {"node_modules/a": {"version": 1}}},
        {"packages": {"node_modules/a": {"dependencies": {"b": {}}}}},
        {"packages": {"x" * 5_000: {}}},
        {"lockfileVersion": 1, "dependencies": {"a": {"dev": "yes"}}},
        {"lockfileVersion": 1, "dependencies": {"a": []}},
    ],
)
def test_members_of_other_types_are_errors(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"npm|characters"):
        run(ANALYZER, PATH, {PATH: json.dumps(document)})


def test_too_many_packages_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: VERSION_3}, limits=limits)


@pytest.mark.parametrize(
    ("path", "wanted", "parsed"),
    [
        ("package-lock.json", True, True),
        ("a/package-lock.json", True, True),
        ("a/node_modules/b/package-lock.json", False, False),
        ("a/node_modules/b/package.json", True, False),
        ("a/package.json", False, False),
    ],
)
def test_claimed_paths(path: str, wanted: bool, parsed: bool) -> None:
    index = Index([ANALYZER], Options())

    assert (index.wants(path, 0o644, 1), index.parsers(path, 0o644) != []) == (wanted, parsed)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("MIT", ("MIT",)),
        ("", ()),
        (None, ()),
        ({"Type": "A"}, ("A",)),
        ([{"type": "A"}, {"x": 1}], ("A",)),
        (["A"], ()),
        ([None, {"type": "A"}], ("A",)),
        ([{"type": 1}, {"type": "A"}], ()),
    ],
)
def test_shapes_of_licences(value: Any, names: tuple[str, ...]) -> None:
    assert license_names(value) == names


@pytest.mark.parametrize(
    ("value", "patterns"), [(["a", 1], ["a"]), ({"packages": ["b"]}, ["b"]), ({}, []), (None, []), ("a", [])]
)
def test_shapes_of_workspaces(value: Any, patterns: list[str]) -> None:
    assert workspace_patterns(value) == patterns


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("node_modules/a/package.json", True),
        ("node_modules/@s/a/package.json", True),
        ("node_modules/a/node_modules/b/package.json", True),
        ("node_modules/a/b/package.json", False),
        ("node_modules/@s/package.json", False),
        ("node_modules/@s/a/b/package.json", False),
        ("package.json", True),
        ("node_modules/a/other.json", False),
        ("node_modules/package.json", False),
    ],
)
def test_package_roots(path: str, expected: bool) -> None:
    assert is_package_root(path) == expected
