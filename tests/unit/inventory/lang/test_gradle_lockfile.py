"""`gradle.lockfile` and Gradle's cache; the shape is what Gradle 8 writes."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import MemoryHost, run

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.gradle_lockfile import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package

PATH = "app/gradle.lockfile"
SAMPLE = """\
# This is a Gradle generated file for dependency locking.
# Manual edits can break the build and are not advised.
cglib:cglib-nodep:2.1.2=testRuntimeClasspath,classpath
org.springframework:spring-asm:3.1.3.RELEASE=classpath

junit:junit:4.13=testCompileClasspath,testRuntimeClasspath
org.springframework:spring-asm:3.1.3.RELEASE=testRuntimeClasspath
empty=annotationProcessor
"""
GSON = "modules-2/files-2.1/com.google.code.gson/gson/2.9.1/f0cf3e/gson-2.9.1.pom"


def lines(*numbers: int) -> tuple[Location, ...]:
    return tuple(Location(start_line=number, end_line=number) for number in numbers)


def packages(content: str, host: MemoryHost | None = None) -> list[Package]:
    found, issues = run(ANALYZER, PATH, {PATH: content}, host=host)
    assert issues == []
    return [package for item in found if isinstance(item, Application) for package in item.packages]


def test_packages_with_their_lines() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: SAMPLE})
    assert issues == []
    assert found == [
        Application(
            path=PATH,
            type="gradle",
            packages=(
                Package(id="cglib:cglib-nodep:2.1.2", name="cglib:cglib-nodep", version="2.1.2", locations=lines(3)),
                Package(
                    id="org.springframework:spring-asm:3.1.3.RELEASE",
                    name="org.springframework:spring-asm",
                    version="3.1.3.RELEASE",
                    locations=lines(4, 7),
                ),
                Package(id="junit:junit:4.13", name="junit:junit", version="4.13", dev=True, locations=lines(6)),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("", [], id="an empty line"),
        pytest.param("empty=", [], id="the last line"),
        pytest.param("a:b", [], id="one colon"),
        pytest.param("a:b:1:sources=classpath", [], id="three colons"),
        pytest.param("  a:b:1=classpath\t", [("a:b:1", False)], id="blanks around"),
        pytest.param("a:b:1", [("a:b:1", False)], id="no configuration"),
        pytest.param("a:b:=test", [("a:b", True)], id="no version"),
        pytest.param("a:b:1=testA,tests", [("a:b:1", True)], id="only tests"),
        pytest.param("#a:b:1=c", [], id="a comment"),
    ],
)
def test_lines(line: str, expected: list[tuple[str, bool]]) -> None:
    assert [(package.id, package.dev) for package in packages(line)] == expected


def test_the_cache_tells_licences_and_dependencies() -> None:
    pom = """<project><artifactId>gson</artifactId>
    <properties><v>4.13</v></properties>
    <licenses><license><name>Apache-2.0</name></license></licenses>
    <dependencies>
      <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>${v}</version></dependency>
      <dependency><groupId>a</groupId><artifactId>b</artifactId><version>1</version></dependency>
    </dependencies></project>"""
    host = MemoryHost({f"gradle/{GSON}": pom})
    found = packages("com.google.code.gson:gson:2.9.1=c\njunit:junit:4.13=c\n", host)
    assert [(package.id, package.licenses, package.depends_on) for package in found] == [
        ("com.google.code.gson:gson:2.9.1", ("Apache-2.0",), ("junit:junit:4.13",)),
        ("junit:junit:4.13", (), ()),
    ]


@pytest.mark.parametrize(
    "pom",
    [
        pytest.param("", id="empty"),
        pytest.param("<project>", id="broken"),
        pytest.param("<!DOCTYPE x><project/>", id="a document type"),
        pytest.param("<project><artifactId>gson</artifactId></project>", id="nothing in it"),
        pytest.param("<project><licenses><license><name>MIT</name></license></licenses></project>", id="no name"),
        pytest.param(
            "<project><artifactId>gson</artifactId><licenses><license><name>MIT</name></license></licenses>"
            "<dependencies><dependency><version>${x}</version></dependency></dependencies></project>",
            id="a property that it does not have",
        ),
    ],
)
def test_poms_that_say_nothing(pom: str) -> None:
    found = packages("com.google.code.gson:gson:2.9.1=c\n", MemoryHost({f"gradle/{GSON}": pom}))
    assert [(package.licenses, package.depends_on) for package in found] == [((), ())]


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=2)
    with pytest.raises(LimitError, match="more than 2 packages"):
        run(ANALYZER, PATH, {PATH: SAMPLE}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claimed"), [("gradle.lockfile", True), ("a/buildscript-gradle.lockfile", True), ("build.gradle", False)]
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
