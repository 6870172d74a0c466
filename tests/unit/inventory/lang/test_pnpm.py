"""`pnpm-lock.yaml`; the samples have the shape that pnpm 6 to 9 write."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.pnpm import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package, Relationship

PATH = "app/pnpm-lock.yaml"
VERSION_5 = """\
lockfileVersion: 5.4
specifiers:
  a: ^1.0.0
dependencies:
  a: 1.0.0_b@2.0.0
  gone: link:../gone
packages:
  /a/1.0.0_b@2.0.0:
    resolution: {integrity: sha512-x==}
    dependencies:
      b: 2.0.0
      '@s/c': 3.0.0_x
    dev: false
  registry.example/@s/c/3.0.0_x:
    resolution: {integrity: sha512-y==}
  /d/1.0.0:
    dev: true
  github.com/e/f/0123:
    name: f
    version: 0.1.0
  github.com/e/g/0123:
    name: g
"""
VERSION_6 = """\
lockfileVersion: '6.0'
dependencies:
  a:
    specifier: ^1.0.0
    version: 1.0.0(@s/c@3.0.0)
packages:
  /a@1.0.0(@s/c@3.0.0):
    dependencies:
      '@s/c': 3.0.0
  /@s/c@3.0.0:
    dev: false
  file:x:
    resolution: {directory: x, type: directory}
"""
VERSION_9 = """\
---
lockfileVersion: '9.0'
importers:
  .:
    configDependencies:
      plugin: {specifier: 1.0.0, version: 1.0.0}
---
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1.0.0, version: 1.0.0(b@2.0.0)}
    devDependencies:
      d: {specifier: ^4.0.0, version: 4.0.0}
  packages/w:
    dependencies:
      a: {specifier: 'file:../a', version: 'file:a'}
packages:
  a@1.0.0: {resolution: {integrity: sha512-x==}}
  a@file:a: {resolution: {directory: a}, version: 1.1.0}
  b@2.0.0: {}
  '@s/c@3.0.0': {}
  d@4.0.0: {}
snapshots:
  a@1.0.0(b@2.0.0):
    dependencies:
      b: 2.0.0
    optionalDependencies:
      '@s/c': 3.0.0
      missing: 1.0.0
  a@file:a: {}
  b@2.0.0:
    dependencies: {a: 1.0.0(b@2.0.0)}
  '@s/c@3.0.0': {}
  d@4.0.0:
    dependencies: {b: 2.0.0, e: 'https://example.com/e.tgz'}
  e@https://example.com/e.tgz: {}
"""
DIRECT, INDIRECT = Relationship.DIRECT, Relationship.INDIRECT


def packages(text: str, more: dict[str, bytes | str] | None = None) -> list[Package]:
    found, issues = run(ANALYZER, PATH, {PATH: text, **(more or {})})
    assert issues == []
    return [package for item in found if isinstance(item, Application) for package in item.packages]


def package(identifier: str, relationship: Relationship = INDIRECT, **members: Any) -> Package:
    scope, _, rest = identifier.rpartition("/") if identifier.startswith("@") else ("", "", identifier)
    name, _, version = rest.partition("@")
    values = {"name": f"{scope}/{name}" if scope else name, "version": version, **members}
    return Package(id=identifier, relationship=relationship, **values)


def test_version_5_names_packages_by_paths() -> None:
    assert packages(VERSION_5) == [
        package("a@1.0.0", DIRECT, depends_on=("@s/c@3.0.0_x", "b@2.0.0")),
        package("@s/c@3.0.0"),
        package("f@0.1.0"),
        package("g"),
    ]


def test_version_5_of_a_workspace_is_read() -> None:
    text = "lockfileVersion: 5.4\nimporters: {.: {dependencies: {a: 1.0.0}}}\npackages: {/a/1.0.0: {dev: false}}\n"

    assert packages(text) == [package("a@1.0.0")]


def test_variants_of_a_package_have_one_set_of_dependencies() -> None:
    text = "lockfileVersion: '6.0'\npackages: {/a@1.0.0(b@1.0.0): {dependencies: {b: 1.0.0}}, /a@1.0.0(b@2.0.0): {}}\n"

    assert packages(text) == [package("a@1.0.0", depends_on=("b@1.0.0",))] * 2


def test_version_6_writes_an_at_sign() -> None:
    assert packages(VERSION_6) == [
        package("a@1.0.0", DIRECT, depends_on=("@s/c@3.0.0",)),
        package("@s/c@3.0.0"),
        Package(relationship=INDIRECT),
    ]


def test_version_9_has_snapshots() -> None:
    assert packages(VERSION_9) == [
        package("a@1.0.0(b@2.0.0)", DIRECT, version="1.0.0", depends_on=("@s/c@3.0.0", "b@2.0.0")),
        package("a@file:a", DIRECT, version="1.1.0"),
        package("b@2.0.0", depends_on=("a@1.0.0(b@2.0.0)",)),
        package("@s/c@3.0.0"),
        package("d@4.0.0", DIRECT, dev=True, depends_on=("b@2.0.0",)),
        package("e@https://example.com/e.tgz", version="", dev=True),
    ]


def test_licences_come_from_the_store() -> None:
    store = "app/node_modules/.pnpm/a@1.0.0_b@2.0.0/node_modules/a/package.json"
    found = packages(VERSION_9, {store: '{"name": "a", "version": "1.0.0", "license": "MIT"}'})

    assert [(each.id, each.licenses) for each in found if each.licenses] == [("a@1.0.0(b@2.0.0)", ("MIT",))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty file"),
        pytest.param("lockfileVersion: '9.0'\n", id="nothing installed"),
        pytest.param("lockfileVersion: 5.4\npackages:\n  /a/1.0.0: {dev: true}\n", id="development only"),
        pytest.param("importers: {.: {packageManagerDependencies: {}}}\n", id="the environment only"),
    ],
)
def test_nothing_to_find_is_no_application(text: str) -> None:
    assert run(ANALYZER, PATH, {PATH: text}) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "lockfileVersion: 5\npackages: {}",
        "lockfileVersion: 5 # old\npackages: {}",
        "lockfileVersion: next",
        "lockfileVersion: [9]",
        "packages: {}",
        "lockfileVersion: '9.0'\nsnapshots: []",
        "lockfileVersion: '9.0'\nsnapshots: {a@1.0.0: {dependencies: [b]}}",
        "lockfileVersion: '6.0'\npackages: {/a@1.0.0: {dev: [b]}}",
        "lockfileVersion: '6.0'\npackages: {/a@1.0.0: text}",
        "[]",
        "--- null\n--- {lockfileVersion: '9.0'}",
        "a: [",
    ],
)
def test_malformed_lockfiles_are_errors(text: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: text})


def test_too_many_packages_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: VERSION_9}, limits=limits)


@pytest.mark.parametrize(
    ("path", "wanted", "parsed"),
    [
        ("pnpm-lock.yaml", True, True),
        (PATH, True, True),
        ("a/node_modules/b/pnpm-lock.yaml", False, False),
        ("a/node_modules/b/package.json", True, False),
        ("a/package.json", False, False),
    ],
)
def test_claimed_paths(path: str, wanted: bool, parsed: bool) -> None:
    index = Index([ANALYZER], Options())

    assert (index.wants(path, 0o644, 1), index.parsers(path, 0o644) != []) == (wanted, parsed)
