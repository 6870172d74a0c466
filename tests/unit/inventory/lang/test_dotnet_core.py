"""`*.deps.json`; the shape is what `dotnet publish` writes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.dotnet_core import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package, Relationship

PATH = "app/App.deps.json"
SAMPLE = """\
{
  "runtimeTarget": { "name": "net6.0/linux-x64", "signature": "" },
  "targets": {
    "net6.0": {},
    "net6.0/linux-x64": {
      "App/1.0.0": {
        "dependencies": { "Core": "1.0.0", "Serilog": "2.0.0", "runtimepack.NETCore": "6.0.1", "Gone": "1.0" },
        "runtime": { "App.dll": {} }
      },
      "Core/1.0.0": { "dependencies": { "Native": "3.0" }, "runtime": {} },
      "Serilog/2.0.0": { "runtime": { "lib/Serilog.dll": {} } },
      "Native/3.0": { "native": { "a.so": {} } },
      "Analyzers/1.0": { "compile": {} },
      "runtimepack.NETCore/6.0.1": { "runtimeTargets": {} }
    }
  },
  "libraries": {
    "App/1.0.0": { "type": "project" },
    "Core/1.0.0": { "type": "project" },
    "Serilog/2.0.0": {
      "type": "Package",
      "serviceable": true
    },
    "Native/3.0": { "type": "package" },
    "Analyzers/1.0": { "type": "package" },
    "Unlisted/1.0": { "type": "package" },
    "runtimepack.NETCore/6.0.1": { "type": "runtimepack" },
    "System/4.0": { "type": "reference" },
    "nameless": { "type": "package" }
  }
}
"""


def packages(content: str | bytes) -> tuple[Package, ...]:
    found, issues = run(ANALYZER, PATH, {PATH: content})
    assert issues == []
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (PATH, "dotnet-core")
    return application.packages


def package(name: str, version: str, start: int, relationship: Relationship, *depends_on: str, end: int = 0) -> Package:
    return Package(
        id=f"{name}/{version}",
        name=name,
        version=version,
        relationship=relationship,
        depends_on=depends_on,
        locations=(Location(start_line=start, end_line=end or start),),
    )


def test_what_the_program_loads_is_read_with_its_graph() -> None:
    assert packages(SAMPLE) == (
        package("App", "1.0.0", 18, Relationship.ROOT, "Core/1.0.0", "NETCore/6.0.1", "Serilog/2.0.0"),
        package("Core", "1.0.0", 19, Relationship.WORKSPACE, "Native/3.0"),
        package("Serilog", "2.0.0", 20, Relationship.DIRECT, end=23),
        package("Native", "3.0", 24, Relationship.INDIRECT),
        package("Unlisted", "1.0", 26, Relationship.INDIRECT),
        package("NETCore", "6.0.1", 27, Relationship.DIRECT),
    )


def document(libraries: dict[str, str], target: dict[str, Any] | None = None, *, name: str = "net") -> bytes:
    """A file whose target is `net`."""
    described = {key: {"type": kind} for key, kind in libraries.items()}
    content = {"runtimeTarget": {"name": name}, "targets": {"net": target or {}}, "libraries": described}
    return msgspec.json.encode(content)


def relations(content: bytes) -> dict[str, Relationship]:
    return {each.id: each.relationship for each in packages(content)}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            document({"A/1": "project", "B/1": "package"}, name="other"),
            {"A/1": Relationship.ROOT, "B/1": Relationship.UNKNOWN},
            id="an unknown target leaves the root",
        ),
        pytest.param(
            document({"A/1": "project", "B/1": "project", "C/1": "package"}),
            dict.fromkeys(("A/1", "B/1", "C/1"), Relationship.UNKNOWN),
            id="two projects on which nothing depends",
        ),
        pytest.param(
            document(
                {"A/1": "project", "B/1": "project"},
                {
                    "A/1": {"dependencies": {"B": "1"}, "runtime": {}},
                    "B/1": {"dependencies": {"A": "1"}, "runtime": {}},
                },
            ),
            dict.fromkeys(("A/1", "B/1"), Relationship.UNKNOWN),
            id="projects that depend on each other",
        ),
        pytest.param(
            document({"A/1": "project", "B/1": "package"}, {"A/1": {"runtime": {}}}),
            {"A/1": Relationship.ROOT, "B/1": Relationship.UNKNOWN},
            id="a root that depends on nothing",
        ),
    ],
)
def test_what_is_not_certain_stays_unknown(content: bytes, expected: dict[str, Relationship]) -> None:
    assert relations(content) == expected


@pytest.mark.parametrize(
    ("assets", "loaded"),
    [
        pytest.param({"runtime": {}}, True, id="an empty list of files"),
        pytest.param({"runtimeTargets": []}, True, id="files for other machines"),
        pytest.param({"native": "a"}, True, id="native files"),
        pytest.param({"runtime": None}, False, id="null"),
        pytest.param({"compile": {"a.dll": {}}}, False, id="only for the compiler"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_libraries_that_are_not_loaded_are_left_out(assets: dict[str, Any], *, loaded: bool) -> None:
    found, _ = run(ANALYZER, PATH, {PATH: document({"A/1": "package"}, {"A/1": assets})})

    assert bool(found) is loaded


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(SAMPLE[:700], id="a truncated file"),
        pytest.param("[]", id="a list"),
        pytest.param('{"runtimeTarget": "net6.0"}', id="a target that is text"),
        pytest.param('{"libraries": {"A/1": []}}', id="a library that is a list"),
        pytest.param('{"libraries": {"A/1": {"type": 1}}}', id="a type that is a number"),
        pytest.param('{"targets": {"net": {"A/1": {"dependencies": ["B"]}}}}', id="dependencies in a list"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


@pytest.mark.parametrize("content", ["{}", '{"libraries": null, "targets": null, "runtimeTarget": null}'])
def test_a_file_without_libraries_is_no_application(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=5)
    with pytest.raises(LimitError, match="more than 5 packages"):
        run(ANALYZER, PATH, {PATH: SAMPLE}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claimed"), [(PATH, True), (".deps.json", True), ("deps.json", False), ("a.deps.json.bak", False)]
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
