"""`Cargo.lock` alone, beside a manifest and in a workspace; the outcomes are the reference's."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.lang.cargo import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import EMPTY_LIST, Location, Package, Relationship

PATH = "Cargo.lock"
LOCK = """\
version = 3

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "cc",
 "rand 0.8.1",
 "regex 1.5.0 (registry+https://github.com/rust-lang/crates.io-index)",
 "a b c d",
 "gone",
]

[[package]]
name = "cc"
version = "1.0.0"

[[package]]
name = "memchr"
version = "2.4.0"

[[package]]
name = "rand"
version = "0.7.3"

[[package]]
name = "rand"
version = "0.8.1"

[[package]]
name = "regex"
version = "1.5.0"
dependencies = [
 "memchr",
]
"""
APP = '[package]\nname = "app"\nversion = "0.1.0"\n'


def packages(**files: str) -> tuple[tuple[Package, ...], list[str]]:
    named: dict[str, bytes | str] = {name.replace("__", "/") + ".toml": text for name, text in files.items()}
    found, issues = run(ANALYZER, PATH, {PATH: LOCK, **named})
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (PATH, "cargo")
    return application.packages, [issue.message for issue in issues]


def crate(name: str, version: str, lines: tuple[int, int], *needs: str) -> Package:
    return Package(
        id=f"{name}@{version}",
        name=name,
        version=version,
        depends_on=needs,
        locations=(Location(start_line=lines[0], end_line=lines[1]),),
    )


def relationships(**files: str) -> dict[str, str]:
    found, issues = packages(**files)
    assert issues == []
    return {package.id: package.relationship.value for package in found}


def test_a_lockfile_alone() -> None:
    assert packages() == (
        (
            crate("app", "0.1.0", (3, 12), "cc@1.0.0", "rand@0.8.1", "regex@1.5.0"),
            crate("cc", "1.0.0", (14, 16)),
            crate("memchr", "2.4.0", (18, 20)),
            crate("rand", "0.7.3", (22, 24)),
            crate("rand", "0.8.1", (26, 28)),
            crate("regex", "1.5.0", (30, 35), "memchr@2.4.0"),
        ),
        [],
    )


def test_a_manifest_tells_what_is_direct_and_what_is_not_needed() -> None:
    manifest = APP + (
        '[dependencies]\nregex = "1.5"\n[target."cfg(unix)".dependencies]\nrand = { version = "0.8" }\n'
        '[build-dependencies]\ncc = "1"\n[dev-dependencies]\nrand = "0.7"\n'
    )
    found, issues = packages(Cargo=manifest)

    assert issues == []
    assert {package.id: (package.relationship.value, package.depends_on) for package in found} == {
        "app@0.1.0": ("root", ("rand@0.8.1", "regex@1.5.0")),
        "rand@0.8.1": ("direct", ()),
        "regex@1.5.0": ("direct", ("memchr@2.4.0",)),
        "memchr@2.4.0": ("indirect", ()),
    }


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(
            '[package]\nname = "app"\nversion.workspace = true\n[workspace.package]\nversion = "0.1.0"\n', id="said"
        ),
        pytest.param('[package]\nname = "app"\n[workspace.package]\nversion = "0.1.0"\n', id="left out"),
    ],
)
def test_a_version_may_be_the_workspaces(manifest: str) -> None:
    assert relationships(Cargo=manifest) == {"app@0.1.0": "root"}


def test_dependencies_without_a_version_are_not_compared() -> None:
    manifest = (
        APP + '[dependencies]\nregex = { path = "../regex" }\nrand = { workspace = true }\ncc = { version = 1 }\n'
    )
    (app,) = packages(Cargo=manifest)[0]

    assert (app.id, app.depends_on) == ("app@0.1.0", ())
    assert app.depends_on is EMPTY_LIST


def test_members_of_a_workspace() -> None:
    found = relationships(
        Cargo='[workspace]\nmembers = ["a*", "x/../b"]\n[workspace.dependencies]\nregex = "=1.5.0"\n',
        app__Cargo=APP + '[dependencies]\nregex = "2"\ncc = "1"\n',
        b__Cargo='[package]\nname = "b"\nversion = "1.0.0"\n',
        c__Cargo='[package]\nname = "cc"\nversion = "1.0.0"\n',
    )

    (root,) = [key for key, relationship in found.items() if relationship == "root"]
    assert set(root) <= set("0123456789abcdef")
    assert found == {
        root: "root",
        "app@0.1.0": "workspace",
        "cc@1.0.0": "direct",
        "regex@1.5.0": "direct",
        "memchr@2.4.0": "indirect",
    }


def test_projects_depend_on_each_other() -> None:
    found, _ = packages(
        Cargo=APP + '[workspace]\nmembers = ["c"]\n', c__Cargo='[package]\nname = "cc"\nversion = "1.0.0"\n'
    )

    assert {package.id: package.depends_on for package in found} == {"app@0.1.0": ("cc@1.0.0",), "cc@1.0.0": ()}


def test_a_project_that_the_lockfile_does_not_know_is_added() -> None:
    found, _ = packages(
        Cargo='[package]\nname = "other"\nversion = "1.0.0"\n[workspace]\nmembers = ["app"]\n', app__Cargo=APP
    )

    assert found[-1] == Package(id="other@1.0.0", relationship=Relationship.ROOT, depends_on=("app@0.1.0",))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"Cargo": "[[["}, "not TOML"),
        ({"Cargo": "package = 1\n"}, "`package` is no table"),
        ({"Cargo": "[package]\nname = 1\n"}, "`name` is no text"),
        ({"Cargo": "[workspace]\nmembers = 1\n"}, "`members` is no list"),
        ({"Cargo": "[target]\nx = 1\n"}, "a target is no table"),
        ({"Cargo": APP + '[workspace]\nmembers = ["gone"]\n'}, "no member of the workspace is at `gone`"),
        ({"Cargo": APP + '[workspace]\nmembers = ["[a"]\n'}, "a pattern of workspace members"),
        ({"Cargo": APP + '[workspace]\nmembers = ["m"]\n', "m__Cargo": "[[["}, "`m/Cargo.toml` is not TOML"),
        (
            {"Cargo": APP + '[dependencies]\nregex = "latest"\n'},
            "whether a version of `regex` is required cannot be told",
        ),
    ],
)
def test_what_cannot_be_read_is_noted(files: dict[str, str], message: str) -> None:
    _, issues = packages(**files)

    assert any(message in issue for issue in issues), issues


def test_too_many_members_are_noted() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, workspace_members=0)
    files: dict[str, bytes | str] = {PATH: LOCK, "Cargo.toml": APP + '[workspace]\nmembers = ["m"]\n'}
    _, issues = run(ANALYZER, PATH, files, limits=limits)

    assert [issue.message for issue in issues] == ["cargo: members of a workspace beyond 0 patterns were left out"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[[[", ArtifactError),
        ("package = 1\n", ArtifactError),
        ("package = [1]\n", ArtifactError),
        ("[[package]]\nname = 1\n", ArtifactError),
        ('[[package]]\nname = "a"\ndependencies = [1]\n', ArtifactError),
    ],
)
def test_damaged_lockfiles_are_errors(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run(ANALYZER, PATH, {PATH: text})


def test_bounds_and_nothing() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, PATH, {PATH: LOCK}, limits=limits)
    assert run(ANALYZER, PATH, {PATH: "version = 3\n"}) == ([], [])
