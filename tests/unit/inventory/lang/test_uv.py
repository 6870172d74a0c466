"""`uv.lock`; the shapes are what uv 0.2 to 0.9 write."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.uv import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package, Relationship

PATH = "uv.lock"
LOCK = """\
version = 1
requires-python = ">=3.12"

[[package]]
name = "demo"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "httpx", extra = ["http2"] },
    { name = "nowhere" },
]

[package.optional-dependencies]
db = [
    { name = "psycopg" },
]

[package.dev-dependencies]
dev = [
    { name = "pytest" },
]

[package.metadata]
requires-dist = [{ name = "httpx" }]

[[package]]
name = "httpx"
version = "0.27.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "idna" },
]

[package.optional-dependencies]
http2 = [
    { name = "h2" },
]

[[package]]
name = "h2"
version = "4.1.0"

[[package]]
name = "idna"
version = "3.7"

[[package]]
name = "psycopg"
version = "3.2"

[[package]]
name = "pytest"
version = "8.0.0"
dependencies = [{ name = "iniconfig" }, { name = "idna" }]

[[package]]
name = "iniconfig"
version = "2.0.0"
dependencies = [{ name = "pytest" }]
"""


def lock(*packages: str) -> str:
    """A lockfile with the project itself and these packages."""
    root = '[[package]]\nname = "root"\nversion = "1"\nsource = { editable = "." }\ndependencies = [{ name = "a" }]\n'
    return root + "".join(f"[[package]]\n{package}\n" for package in packages)


def read(text: str) -> tuple[Package, ...]:
    found, issues = run(ANALYZER, PATH, {PATH: text})
    assert issues == []
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (PATH, "uv")
    return application.packages


def test_a_project_with_extras_and_a_group() -> None:
    direct, indirect = Relationship.DIRECT, Relationship.INDIRECT
    assert read(LOCK) == (
        Package(
            id="demo@0.1.0",
            name="demo",
            version="0.1.0",
            relationship=Relationship.ROOT,
            depends_on=("httpx@0.27.0", "psycopg@3.2", "pytest@8.0.0"),
        ),
        Package(
            id="httpx@0.27.0",
            name="httpx",
            version="0.27.0",
            relationship=direct,
            depends_on=("h2@4.1.0", "idna@3.7"),
        ),
        Package(id="h2@4.1.0", name="h2", version="4.1.0", relationship=indirect),
        Package(id="idna@3.7", name="idna", version="3.7", relationship=indirect),
        Package(id="psycopg@3.2", name="psycopg", version="3.2", relationship=direct),
        Package(
            id="pytest@8.0.0",
            name="pytest",
            version="8.0.0",
            dev=True,
            relationship=direct,
            depends_on=("idna@3.7", "iniconfig@2.0.0"),
        ),
        Package(
            id="iniconfig@2.0.0",
            name="iniconfig",
            version="2.0.0",
            dev=True,
            relationship=indirect,
            depends_on=("pytest@8.0.0",),
        ),
    )


def test_of_packages_with_one_name_the_last_is_meant() -> None:
    old = 'name = "a"\nversion = "1"\ndependencies = [{ name = "b" }]'
    new = 'name = "a"\nversion = "2"\ndependencies = [{ name = "c" }]'
    found = read(lock(old, new, 'name = "b"\nversion = "1"', 'name = "c"\nversion = "1"'))
    assert [(each.id, each.dev, each.relationship.value, each.depends_on) for each in found] == [
        ("root@1", False, "root", ("a@2",)),
        ("a@1", False, "direct", ("b@1",)),
        ("a@2", False, "direct", ("c@1",)),
        ("b@1", True, "indirect", ()),
        ("c@1", False, "indirect", ()),
    ]


def test_a_package_without_a_version_is_called_by_its_name() -> None:
    assert [each.id for each in read(lock('name = "a"'))] == ["root@1", "a"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('version = 1\n[[package]]\nname = "a"\n', id="no root, as in a workspace without a project"),
        pytest.param(lock('name = "b"\nsource = { virtual = "." }'), id="two roots"),
        pytest.param("", id="an empty file"),
    ],
)
def test_one_package_is_the_project_itself(content: str) -> None:
    with pytest.raises(ValueError, match="packages are the project itself, and one is expected"):
        run(ANALYZER, PATH, {PATH: content})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LOCK[:150], id="truncated"),
        pytest.param(lock('name = "b"\nsource = "x"'), id="a source that is a text"),
        pytest.param(lock('name = "b"\ndependencies = ["a"]'), id="dependencies that are texts"),
        pytest.param(lock('name = "b"\nversion = 1'), id="a version that is a number"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=2)
    with pytest.raises(LimitError, match="more than 2 packages"):
        run(ANALYZER, PATH, {PATH: LOCK}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [("a/uv.lock", True), ("uv.toml", False), ("b.uv.lock", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
