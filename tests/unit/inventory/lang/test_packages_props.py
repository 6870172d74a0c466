"""`Directory.Packages.props`; the shape is what MSBuild documents."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.packages_props import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package

PATH = "Directory.Packages.props"
SAMPLE = """\
<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <PropertyGroup><Version>1.0</Version></PropertyGroup>
  <ItemGroup Condition="'$(Old)' == ''">
    <PackageVersion Include="Newtonsoft.Json" Version="12.0.1" />
    <PackageReference Update=" Legacy " Version=" 1.0 " />
    <PackageVersion Update="Ignored" Include="Preferred" Version="[2.0, 3.0)" />
    <PackageVersion Include="Variable" Version="$(SomeVersion)" />
    <PackageVersion Include="$(Name)" Version="1.0" />
    <PackageVersion Include="Partly" Version="$(Major).1" />
    <PackageVersion Include="Nothing" />
    <PackageVersion Version="1.0" />
    <GlobalPackageReference Include="Global" Version="1.0" />
  </ItemGroup>
  <ItemGroup>
    <PackageVersion Include="Newtonsoft.Json" Version="12.0.1" />
    <PackageVersion Include="Newtonsoft.Json" Version="13.0.1" />
  </ItemGroup>
  <Choose><When><ItemGroup><PackageVersion Include="Deep" Version="1.0" /></ItemGroup></When></Choose>
</Project>
"""


def test_references_and_versions_of_every_group_are_read() -> None:
    expected = [
        ("Newtonsoft.Json", "12.0.1"),
        ("Legacy", "1.0"),
        ("Preferred", "[2.0, 3.0)"),
        ("Partly", "$(Major).1"),
        ("Newtonsoft.Json", "13.0.1"),
    ]

    packages = tuple(Package(id=f"{name}@{version}", name=name, version=version) for name, version in expected)
    assert run(ANALYZER, PATH, {PATH: SAMPLE}) == (
        [Application(path=PATH, type="packages-props", packages=packages)],
        [],
    )


@pytest.mark.parametrize("content", ["<Project/>", "<Project><ItemGroup/></Project>", "<Project>text</Project>"])
def test_a_project_without_packages_is_no_application(content: str) -> None:
    assert run(ANALYZER, PATH, {PATH: content}) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param(SAMPLE[:300], id="a truncated file"),
        pytest.param("<project/>", id="another element"),
        pytest.param("<!DOCTYPE x><Project/>", id="a document type"),
        pytest.param("Project", id="text"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=4)
    with pytest.raises(LimitError, match="more than 4 packages"):
        run(ANALYZER, PATH, {PATH: SAMPLE}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        (PATH, True),
        ("a/packages.props", True),
        ("My.pAckages.PROPS", True),
        ("Versions.props", False),
        ("Packages.props.bak", False),
    ],
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
