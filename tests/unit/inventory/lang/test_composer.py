"""`composer.lock` beside `composer.json`, and `installed.json`; the shapes are what Composer writes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang import composer, composer_vendor
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package, Relationship

LOCK = "app/composer.lock"
MANIFEST = "app/composer.json"
INSTALLED = "app/vendor/composer/installed.json"
SAMPLE = """\
{
    "content-hash": "65a7fbbd4caf6adf5f5a5a1d3a2f1ab3",
    "packages": [
        {
            "name": "symfony/yaml",
            "version": "v2.0.4",
            "require": {"php": ">=5.3", "ext-json": "*", "pear/log": "^1.0", "psr/log-implementation": "1.0"},
            "license": ["MIT", 7]
        },
        {
            "name": "pear/log", "version": "1.13.1",
            "license": "BSD-3-Clause or GPL-2.0"
        },
        {"name": "external/name", "version": "1.0"}
    ],
    "packages-dev": [
        {
            "name": "phpunit/phpunit",
            "version": "dev-main",
            "require": {"symfony/yaml": "*", "external/name": "*"}
        },
        {"name": "pear/log", "version": "2.0"}
    ]
}
"""


def package(name: str, version: str, start: int, end: int, **members: Any) -> Package:
    return Package(
        id=f"{name}@{version}",
        name=name,
        version=version,
        locations=(Location(start_line=start, end_line=end),),
        **members,
    )


PACKAGES = {
    "symfony": package("symfony/yaml", "v2.0.4", 4, 9, licenses=("MIT",), depends_on=("pear/log@1.13.1",)),
    "pear": package("pear/log", "1.13.1", 10, 13, licenses=("BSD-3-Clause", "GPL-2.0")),
    "external": package("external/name", "1.0", 14, 14),
    "phpunit": package("phpunit/phpunit", "dev-main", 17, 21, dev=True, depends_on=("symfony/yaml@v2.0.4",)),
}


def packages(files: dict[str, str], analyzer: Analyzer = composer.ANALYZER, path: str = LOCK) -> dict[str, Package]:
    found, issues = run(analyzer, path, files)
    assert issues == []
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (path, analyzer.name)
    return {each.name.partition("/")[0]: each for each in application.packages}


def test_packages_are_read_with_what_serves_development() -> None:
    assert packages({LOCK: SAMPLE}) == PACKAGES


def test_installed_packages_are_written_alike() -> None:
    assert packages({INSTALLED: SAMPLE}, composer_vendor.ANALYZER, INSTALLED) == PACKAGES


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(
            '{"require": {"php": "*", "symfony/yaml": "*"}, "require-dev": {"phpunit/phpunit": "*"}}', id="both"
        ),
        pytest.param('{"Require": {"symfony/yaml": null}, "REQUIRE-DEV": {"phpunit/phpunit": "*"}}', id="letter case"),
    ],
)
def test_the_manifest_tells_what_is_direct(manifest: str) -> None:
    relationships = {name: each.relationship for name, each in packages({LOCK: SAMPLE, MANIFEST: manifest}).items()}

    assert relationships == {
        "symfony": Relationship.DIRECT,
        "pear": Relationship.INDIRECT,
        "external": Relationship.INDIRECT,
        "phpunit": Relationship.DIRECT,
    }


@pytest.mark.parametrize("manifest", ["", "[]", '{"require": []}', '{"require": {"a/b": 1}}'])
def test_a_broken_manifest_costs_the_relationships(manifest: str) -> None:
    found, issues = run(composer.ANALYZER, LOCK, {LOCK: SAMPLE, MANIFEST: manifest})

    assert [each.relationship for item in found if isinstance(item, Application) for each in item.packages] == [
        Relationship.UNKNOWN
    ] * 4
    assert [(issue.path, issue.blocking) for issue in issues] == [(MANIFEST, False)]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        pytest.param("MIT and Ruby", ("MIT", "Ruby"), id="a declaration"),
        pytest.param("", (), id="an empty text"),
        pytest.param(["MIT or Ruby", ""], ("MIT or Ruby", ""), id="a list"),
        pytest.param({"type": "MIT"}, (), id="an object"),
        pytest.param(None, (), id="null"),
    ],
)
def test_licences_are_texts_or_lists(declared: Any, expected: tuple[str, ...]) -> None:
    lock = msgspec.json.encode({"packages": [{"name": "a/b", "version": "1", "license": declared}]}).decode()

    assert packages({LOCK: lock}) == {"a": package("a/b", "1", 1, 1, licenses=expected)}


def test_absent_members_are_empty() -> None:
    lock = '{"packages": [{"name": null, "version": null, "require": null}]}'

    assert packages({LOCK: lock}) == {"": Package(locations=(Location(start_line=1, end_line=1),))}


@pytest.mark.parametrize("content", ["{}", '{"packages": [], "packages-dev": null}', '{"Packages": [{"name": "a"}]}'])
def test_no_packages_are_no_application(content: str) -> None:
    assert run(composer.ANALYZER, LOCK, {LOCK: content}) == ([], [])
    assert run(composer_vendor.ANALYZER, INSTALLED, {INSTALLED: content}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(SAMPLE[:300], id="a truncated file"),
        pytest.param('[{"name": "a/b", "version": "1"}]', id="the list of Composer 1"),
        pytest.param('{"packages": {"a/b": {}}}', id="packages in an object"),
        pytest.param('{"packages": [null]}', id="a package that is null"),
        pytest.param('{"packages": [{"name": "a/b", "require": []}]}', id="requirements in a list"),
        pytest.param('{"packages": [{"name": "a/b", "version": 1}]}', id="a version that is a number"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(composer.ANALYZER, LOCK, {LOCK: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=3)
    with pytest.raises(LimitError, match="more than 3 packages"):
        run(composer.ANALYZER, LOCK, {LOCK: SAMPLE}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        (LOCK, ["composer"]),
        (INSTALLED, ["composer-vendor"]),
        ("vendor/a/b/composer.lock", []),
        ("vendors/composer.lock", ["composer"]),
        (MANIFEST, []),
    ],
)
def test_which_files_they_claim(path: str, claims: list[str]) -> None:
    index = Index([composer.ANALYZER, composer_vendor.ANALYZER], Options())

    assert [analyzer.name for analyzer in index.parsers(path, 0o644)] == claims


@pytest.mark.parametrize(("path", "needed"), [(MANIFEST, True), ("vendor/a/composer.json", False)])
def test_which_manifests_are_kept(path: str, *, needed: bool) -> None:
    assert Index([composer.ANALYZER], Options()).wants(path, 0o644, 1) is needed
