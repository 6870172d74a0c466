"""`packages.lock.json` and `packages.config`; the shapes are what NuGet writes."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import MemoryHost, run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.nuget import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package, Relationship

LOCK = "src/packages.lock.json"
CONFIG = "src/packages.config"
SAMPLE = """\
{
  "version": 1,
  "dependencies": {
    "net6.0": {
      "Newtonsoft.Json": {
        "type": "Direct",
        "requested": "[12.0.1, )",
        "resolved": "12.0.1"
      },
      "Serilog": {
        "type": "Transitive",
        "resolved": "2.0.0",
        "dependencies": {
          "Newtonsoft.Json": "12.0.1",
          "Unresolved": "1.0.0"
        }
      },
      "app.core": { "type": "Project" }
    },
    ".NETFramework,Version=v4.8": {
      "Serilog": { "type": "Direct", "resolved": "2.0.0", "dependencies": { "Other": "1.0" } },
      "Other": { "type": "CentralTransitive", "resolved": "1.1.0" }
    }
  }
}
"""
CONFIG_TEXT = '<?xml version="1.0" encoding="utf-16"?><packages><package id="A" version="1"/></packages>'
CONFIG_SAMPLE = """\
\ufeff<?xml version="1.0" encoding="utf-8"?>
<packages>
  <package id="Newtonsoft.Json" version="6.0.4" targetFramework="net461" />
  <package id="Newtonsoft.Json" version="6.0.4" targetFramework="net48" />
  <package id="NUnit" version="3.0.0" developmentDependency="true" />
  <package version="1.0.0" />
  <package id="Unversioned" developmentDependency="" />
</packages>
"""


def packages(content: str, path: str = LOCK) -> tuple[Package, ...]:
    found, issues = run(ANALYZER, path, {path: content})
    assert issues == []
    (application,) = found
    assert isinstance(application, Application)
    assert (application.path, application.type) == (path, "nuget")
    return application.packages


def at(start: int, end: int) -> Location:
    return Location(start_line=start, end_line=end)


def test_all_frameworks_are_read_and_joined() -> None:
    assert packages(SAMPLE) == (
        Package(
            id="Newtonsoft.Json@12.0.1",
            name="Newtonsoft.Json",
            version="12.0.1",
            relationship=Relationship.DIRECT,
            locations=(at(5, 9),),
        ),
        Package(
            id="Serilog@2.0.0",
            name="Serilog",
            version="2.0.0",
            relationship=Relationship.DIRECT,
            depends_on=("Newtonsoft.Json@12.0.1", "Other@1.1.0", "Unresolved"),
            locations=(at(10, 17), at(21, 21)),
        ),
        Package(
            id="Other@1.1.0",
            name="Other",
            version="1.1.0",
            relationship=Relationship.INDIRECT,
            locations=(at(22, 22),),
        ),
    )


def test_what_is_absent_is_empty() -> None:
    lock = '{"dependencies": {"a": null, "b": {"X": {"type": null, "dependencies": null}}}}'

    assert packages(lock) == (Package(id="X", name="X", relationship=Relationship.INDIRECT, locations=(at(1, 1),)),)


def test_a_configuration_lists_what_is_not_for_development() -> None:
    assert packages(CONFIG_SAMPLE, CONFIG) == (
        Package(name="Newtonsoft.Json", version="6.0.4"),
        Package(name="Unversioned"),
    )


@pytest.mark.parametrize(
    ("attribute", "kept"),
    [("0", True), ("F", True), ("False", True), (" true ", False), ("1", False), ("TRUE", False)],
)
def test_truth_values_are_go_s(attribute: str, *, kept: bool) -> None:
    document = f'<packages><package id="A" version="1" developmentDependency="{attribute}"/></packages>'

    found, _ = run(ANALYZER, CONFIG, {CONFIG: document})

    assert bool(found) is kept


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param(LOCK, "{}", id="an empty object"),
        pytest.param(LOCK, '{"dependencies": {"a": {"p": {"type": "Project"}}}}', id="projects alone"),
        pytest.param(LOCK, '{"Dependencies": {"a": {"p": {"resolved": "1"}}}}', id="another letter case"),
        pytest.param(CONFIG, "<packages/>", id="no packages"),
        pytest.param(CONFIG, '<packages><x><package id="A"/></x></packages>', id="packages elsewhere"),
    ],
)
def test_files_without_packages_are_no_application(path: str, content: str) -> None:
    assert run(ANALYZER, path, {path: content}) == ([], [])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param(LOCK, "", id="an empty lockfile"),
        pytest.param(LOCK, SAMPLE[:200], id="a truncated lockfile"),
        pytest.param(LOCK, "[]", id="a list"),
        pytest.param(LOCK, '{"dependencies": []}', id="frameworks in a list"),
        pytest.param(LOCK, '{"dependencies": {"a": {"X": {"resolved": 1}}}}', id="a version that is a number"),
        pytest.param(LOCK, '{"dependencies": {"a": {"X": null}}}', id="an entry that is null"),
        pytest.param(CONFIG, "", id="an empty configuration"),
        pytest.param(CONFIG, CONFIG_SAMPLE[:150], id="a truncated configuration"),
        pytest.param(CONFIG, "<configuration/>", id="another configuration"),
        pytest.param(CONFIG, '<packages><package id="A" developmentDependency="yes"/></packages>', id="no truth value"),
    ],
)
def test_what_cannot_be_read_is_an_error(path: str, content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, path, {path: content})


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param(CONFIG, CONFIG_TEXT.encode("utf-16"), id="UTF-16"),
        pytest.param(CONFIG, CONFIG_TEXT.replace("utf-16", "iso-8859-1").encode("latin-1"), id="Latin-1"),
        pytest.param(
            LOCK, b'{"dependencies": {"n": {"A": {"resolved": "0"}, "A": {"resolved": "1"}}}}', id="a key twice"
        ),
        pytest.param(LOCK, b'{"x": "\xff", "dependencies": {"n": {"A": {"resolved": "1"}}}}', id="no UTF-8"),
    ],
)
def test_what_the_reference_refuses_is_read(path: str, content: bytes) -> None:
    found, issues = run(ANALYZER, path, {path: content})

    assert [(each.name, each.version) for item in found if isinstance(item, Application) for each in item.packages] == [
        ("A", "1")
    ]
    assert issues == []


def nuspec(member: str) -> str:
    return f'<package xmlns="urn:x"><metadata><id>x</id>{member}</metadata></package>'


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        pytest.param(nuspec('<license type="expression">MIT</license>'), ("MIT",), id="an expression"),
        pytest.param(nuspec('<license type="file">LICENSE.md</license>'), (), id="a file"),
        pytest.param(nuspec("<license>MIT</license>"), (), id="no type"),
        pytest.param(nuspec('<license type="expression"></license>'), (), id="an empty expression"),
        pytest.param(nuspec("<licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>"), (), id="an address"),
    ],
)
def test_licences_come_from_the_cache_of_the_machine(description: str, expected: tuple[str, ...]) -> None:
    host = MemoryHost({"nuget/newtonsoft.json/6.0.4-beta/newtonsoft.json.nuspec": description})
    config = '<packages><package id="Newtonsoft.Json" version="6.0.4-Beta"/></packages>'

    found, issues = run(ANALYZER, CONFIG, {CONFIG: config}, host=host)

    assert issues == []
    package = Package(name="Newtonsoft.Json", version="6.0.4-Beta", licenses=expected)
    assert found == [Application(path=CONFIG, type="nuget", packages=(package,))]


def test_each_package_has_its_own_licence() -> None:
    host = MemoryHost({"nuget/a/1/a.nuspec": nuspec('<license type="expression">MIT</license>')})
    config = '<packages><package id="A" version="1"/><package id="B" version="1"/></packages>'

    found, _ = run(ANALYZER, CONFIG, {CONFIG: config}, host=host)

    assert [each.licenses for item in found if isinstance(item, Application) for each in item.packages] == [
        ("MIT",),
        (),
    ]


def test_a_broken_description_costs_the_licence() -> None:
    host = MemoryHost({"nuget/a/1/a.nuspec": "<package>"})
    config = '<packages><package id="A" version="1"/></packages>'

    found, issues = run(ANALYZER, CONFIG, {CONFIG: config}, host=host)

    assert found == [Application(path=CONFIG, type="nuget", packages=(Package(name="A", version="1"),))]
    assert [(issue.path, issue.blocking) for issue in issues] == [(CONFIG, False)]


@pytest.mark.parametrize("name", ["..", "../../etc", "a/b", ".hidden", "a\\b", "\x00", "é"])
def test_names_that_are_no_folders_are_not_looked_up(name: str) -> None:
    class Refusing(MemoryHost):
        def read(self, cache: str, path: str, limit: int) -> bytes | None:
            raise AssertionError(f"{cache} {path} {limit}")

    lock = msgspec.json.encode({"dependencies": {"net": {name: {"resolved": "1"}, "a": {"resolved": name}}}})

    found, issues = run(ANALYZER, LOCK, {LOCK: lock}, host=Refusing())

    assert (len(found), issues) == (1, [])


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, LOCK, {LOCK: SAMPLE}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claimed"),
    [(LOCK, True), (CONFIG, True), ("packages.config", True), ("src/nuget.config", False), ("a.lock.json", False)],
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
