"""`pylock.toml`; the shapes are what pip, uv, pdm and poetry's plug-in write."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run, tree

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.pylock import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package, Relationship

PATH = "app/pylock.toml"
LOCK = """\
lock-version = "1.0"
created-by = "pip"

[[packages]]
name = "Ruamel.YAML"
version = "0.18"
dependencies = [{ name = "ruamel.yaml.clib", version = "0.2" }, { name = "gone", version = "1" }, { name = "attrs" }]

[[packages]]
name = "app"
[packages.directory]
path = "."

[[packages]]
name = "attrs"
version = "25.4.0"
[[packages.wheels]]
name = "attrs-25.4.0-py3-none-any.whl"
upload-time = 2025-10-06T13:54:43Z

[[packages]]
name = "ruamel-yaml-clib"
version = "0.2"
"""


def read(files: dict[str, str]) -> tuple[Package, ...]:
    found, issues = run(ANALYZER, PATH, files)
    assert issues == []
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (PATH, "pylock")
    return application.packages


def test_a_lockfile_alone_knows_the_project_and_edges_with_versions() -> None:
    assert read({PATH: LOCK}) == (
        Package(id="app", name="app", relationship=Relationship.ROOT),
        Package(id="attrs@25.4.0", name="attrs", version="25.4.0"),
        Package(id="ruamel-yaml@0.18", name="ruamel-yaml", version="0.18", depends_on=("ruamel-yaml-clib@0.2",)),
        Package(id="ruamel-yaml-clib@0.2", name="ruamel-yaml-clib", version="0.2"),
    )


def test_a_project_beside_it_names_what_is_direct_and_what_the_root_needs() -> None:
    project = '[project]\ndependencies = ["ruamel_yaml[x]>=0.1", "ATTRS"]\n'
    found = read({PATH: LOCK, "app/pyproject.toml": project})
    assert [(each.id, each.relationship.value, each.depends_on) for each in found] == [
        ("app", "root", ("attrs@25.4.0", "ruamel-yaml@0.18")),
        ("attrs@25.4.0", "direct", ()),
        ("ruamel-yaml@0.18", "direct", ("ruamel-yaml-clib@0.2",)),
        ("ruamel-yaml-clib@0.2", "indirect", ()),
    ]


def test_the_last_of_equal_entries_counts_and_the_last_root_depends() -> None:
    lock = (
        '[[packages]]\nname = "a_b"\nversion = "1"\ndependencies = [{ name = "c" }]\n'
        '[[packages]]\nname = "A.B"\nversion = "1"\ndirectory = { path = "x" }\n'
        '[[packages]]\nname = "c"\n'
        '[[packages]]\nname = "z"\ndirectory = { path = "y" }\n'
    )
    assert [(each.id, each.depends_on) for each in read({PATH: lock})] == [("a-b@1", ("c",)), ("z", ()), ("c", ())]
    found = read({PATH: lock, "app/pyproject.toml": '[project]\ndependencies = ["c"]\n'})
    assert [(each.id, each.depends_on) for each in found] == [("a-b@1", ("c",)), ("z", ("c",)), ("c", ())]


def test_indirect_packages_are_not_marked_a_second_time() -> None:
    """The reference sets `Indirect` for other lockfiles and not for this one; it is part of the UID."""
    files = {PATH: LOCK, "app/pyproject.toml": "[project]\ndependencies = []\n"}
    layer = analyse_layer(tree(files), index=Index([ANALYZER], Options()))
    (application,) = layer.found
    assert isinstance(application, Application)
    assert [(each.name, each.indirect) for each in application.packages[1:]] == [
        ("attrs", False),
        ("ruamel-yaml", False),
        ("ruamel-yaml-clib", False),
    ]


def test_no_packages_are_no_application() -> None:
    assert run(ANALYZER, PATH, {PATH: 'lock-version = "1.0"\n'}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LOCK[:90], id="truncated"),
        pytest.param("packages = 5", id="packages that are a number"),
        pytest.param('[[packages]]\nname = ["a"]\n', id="a name that is a list"),
        pytest.param('[[packages]]\nname = "a"\ndirectory = "."\n', id="a directory that is a text"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=3)
    with pytest.raises(LimitError, match="more than 3 packages"):
        run(ANALYZER, PATH, {PATH: LOCK}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("pylock.toml", True),
        ("a/b/pylock.toml", True),
        ("pylock.dev.toml", True),
        ("a/pylock.dev-1.toml", True),
        ("pylock..toml", False),
        ("a/pylock.a.b.toml", False),
        ("pylock.toml.bak", False),
        ("xpylock.dev.toml", False),
        ("pyproject.toml", False),
    ],
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
