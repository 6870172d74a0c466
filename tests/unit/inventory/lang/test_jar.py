"""Java archives, with and without an index of published ones."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from tests.support.jars import Content, MemoryArchives, jar, maven_members, properties
from tests.support.memory_tree import run, tree

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.java.coordinates import Coordinates, coordinates_of_file
from assaymark.inventory.java.resolve import no_index, resolve_archives
from assaymark.inventory.lang.jar import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application, ArchiveQuery, JavaArchive
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package

COLLECTIONS = ("commons-collections", "commons-collections", "3.2.1")
TEXT = ("org.apache.commons", "commons-text", "1.9")
LICENSED = "<project><licenses><license><name>Apache-2.0</name></license></licenses></project>"
MANIFEST = "Implementation-Vendor-Id: org.a\nImplementation-Title: b\nImplementation-Version: 2\nBundle-License: MIT\n"

Row = tuple[str, str, str, tuple[str, ...]]


def resolved(path: str, content: bytes, index: MemoryArchives | None = None) -> list[Row]:
    """Name, version, path and licences of the packages."""
    layer = analyse_layer(tree({path: content}), index=Index([ANALYZER], Options()))
    assert layer.issues == ()
    [layer] = resolve_archives([layer], (index or MemoryArchives()).opened)
    packages = [package for item in layer.found if isinstance(item, Application) for package in item.packages]
    assert all(package.identifier.uid and package.analyzed_by == "jar" for package in packages)
    return [(package.name, package.version, package.file_path, package.licenses) for package in packages]


def test_an_archive_that_names_itself_needs_no_index() -> None:
    found, issues = run(
        ANALYZER, "a/commons-text-1.9.jar", {"a/commons-text-1.9.jar": jar(maven_members(*TEXT, LICENSED))}
    )
    package = Package(
        name="org.apache.commons:commons-text",
        version="1.9",
        file_path="a/commons-text-1.9.jar",
        licenses=("Apache-2.0",),
    )
    assert (found, issues) == ([Application(path="a/commons-text-1.9.jar", type="jar", packages=(package,))], [])


def test_an_archive_that_does_not_is_a_question() -> None:
    content = jar({"META-INF/MANIFEST.MF": MANIFEST, "a/B.class": b"\xca\xfe"})
    found, issues = run(ANALYZER, "lib/b-2.jar", {"lib/b-2.jar": content})
    query = ArchiveQuery(
        path="lib/b-2.jar",
        sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        group="org.a",
        artifact="b",
        version="2",
        file_artifact="b",
        file_version="2",
        licenses=("MIT",),
    )
    assert (found, issues) == ([JavaArchive(path="lib/b-2.jar", queries=(query,))], [])


UNNAMED: dict[str, Content] = {"a/B.class": b"\xca\xfe\xba\xbe"}
WITH_MANIFEST: dict[str, Content] = {"META-INF/MANIFEST.MF": MANIFEST}


@pytest.mark.parametrize(
    ("path", "members", "published", "expected"),
    [
        pytest.param("b-1.jar", WITH_MANIFEST, [("org.a", "b", "7")], [("org.a:b", "2", ("MIT",))], id="its manifest"),
        pytest.param("b-1.jar", WITH_MANIFEST, [("org.a", "c", "7")], [], id="a manifest that nobody knows"),
        pytest.param("b-1.jar", UNNAMED, [("g", "b", "1")], [("g:b", "1", ())], id="its file's name"),
        pytest.param("b-2.jar", UNNAMED, [("g", "b", "1")], [], id="a version that was not published"),
        pytest.param("b.jar", UNNAMED, [("g", "b", "")], [], id="a name without a version"),
        pytest.param("b-1.war", UNNAMED, [("g", "b", "1")], [], id="names count for jars"),
        pytest.param(
            "app.jar",
            {**maven_members(*TEXT), "META-INF/MANIFEST.MF": MANIFEST},
            [],
            [("org.apache.commons:commons-text", "1.9", ("MIT",))],
            id="merged of one other, whose licence the manifest tells",
        ),
        pytest.param(
            "app.jar",
            {**maven_members(*TEXT, LICENSED), "META-INF/MANIFEST.MF": MANIFEST},
            [("org.a", "b", "1")],
            [("org.a:b", "2", ()), ("org.apache.commons:commons-text", "1.9", ("Apache-2.0",))],
            id="itself, and what was merged into it",
        ),
        pytest.param(
            "app.jar",
            {"a/pom.properties": properties("g", "a", "1.0"), "b/pom.properties": properties("g", "a", "1")},
            [],
            [("g:a", "1.0", ())],
            id="versions that are equal are one",
        ),
        pytest.param("app.jar", {"pom.properties": "groupId=g\nartifactId=a\n"}, [], [], id="incomplete properties"),
        pytest.param("app.jar", {"pom.properties/": ""}, [], [], id="a folder of that name"),
    ],
)
def test_rules(
    path: str,
    members: dict[str, Content],
    published: list[tuple[str, str, str]],
    expected: list[tuple[str, str, tuple[str, ...]]],
) -> None:
    index = MemoryArchives(dict.fromkeys(published, b"other"))
    assert resolved(path, jar(members), index) == [(name, version, path, names) for name, version, names in expected]


def test_the_checksum_counts_before_the_name() -> None:
    content = jar(UNNAMED)
    index = MemoryArchives({COLLECTIONS: content, ("g", "b", "1"): b""})
    assert resolved("b-1.jar", content, index) == [("commons-collections:commons-collections", "3.2.1", "b-1.jar", ())]


@pytest.mark.parametrize("stored", [True, False])
def test_archives_in_archives(*, stored: bool) -> None:
    inner = jar(UNNAMED)
    war = jar(
        {
            "WEB-INF/lib/x.jar": inner,
            "WEB-INF/lib/commons-text-1.9.jar": jar(maven_members(*TEXT)),
            "WEB-INF/lib/no.par": inner,
            "../../etc/x.jar": inner,
            **maven_members(*COLLECTIONS, LICENSED),
        },
        stored=stored,
    )
    ear = jar({"web.war": war, "folder.jar/": b""}, stored=stored)
    lib = "opt/app.ear/web.war/WEB-INF/lib"
    assert resolved("opt/app.ear", ear, MemoryArchives({COLLECTIONS: inner})) == [
        ("commons-collections:commons-collections", "3.2.1", "opt/app.ear/web.war", ("Apache-2.0",)),
        ("commons-collections:commons-collections", "3.2.1", f"{lib}/x.jar", ("Apache-2.0",)),
        ("org.apache.commons:commons-text", "1.9", f"{lib}/commons-text-1.9.jar", ()),
    ]


def test_an_inner_archive_that_cannot_be_read_is_an_issue() -> None:
    content = jar({"bad.jar": b"PK", **maven_members(*TEXT)})
    found, issues = run(ANALYZER, "commons-text-1.9.jar", {"commons-text-1.9.jar": content})
    assert [type(item) for item in found] == [Application]
    assert issues == [
        Issue(
            code=IssueCode.FILE_MALFORMED,
            message="jar: `commons-text-1.9.jar/bad.jar`: `commons-text-1.9.jar/bad.jar` is not a zip archive, or is damaged",
            path="commons-text-1.9.jar",
        )
    ]


def test_without_an_index_archives_that_it_would_name_are_an_issue() -> None:
    content = jar({"x.jar": jar(UNNAMED), **maven_members(*TEXT)})
    layer = analyse_layer(tree({"a.jar": content}), index=Index([ANALYZER], Options()))
    [layer] = resolve_archives([layer], no_index)
    assert [item.path for item in layer.found if isinstance(item, Application)] == ["a.jar"]
    assert layer.issues == (
        Issue(
            code=IssueCode.NOT_ANALYSED,
            message="2 Java archives that do not name themselves could not be looked up: there is no Java database",
        ),
    )


def test_layers_without_questions_do_not_open_the_index() -> None:
    layer = analyse_layer(tree({"commons-text-1.9.jar": jar(maven_members(*TEXT))}), index=Index([ANALYZER], Options()))
    assert resolve_archives([layer], no_index) == [layer]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("spring-core-5.3.4-SNAPSHOT.jar", Coordinates("", "spring-core", "5.3.4-SNAPSHOT")),
        ("log4j-1.2-api-2.17.1.jar", Coordinates("", "log4j-1.2-api", "2.17.1")),
        ("a-1.jar\n", Coordinates()),
        ("a.jar", Coordinates()),
        ("a-b.jar", Coordinates()),
        ("-1.jar", Coordinates()),
        ("a-1.war", Coordinates()),
        ("a-1." + "1" * 2000 + ".jar", Coordinates()),
    ],
)
def test_names_of_files(name: str, expected: Coordinates) -> None:
    assert coordinates_of_file(name) == expected


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(jar(maven_members(*TEXT))[:-10], id="truncated"),
        pytest.param(b"PK\x05\x06" * 100, id="absurd"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: bytes) -> None:
    with pytest.raises(ArtifactError):
        run(ANALYZER, "a.jar", {"a.jar": content})


def test_bounds() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    content = jar({"a/pom.properties": properties("g", "a", "1"), "b/pom.properties": properties("g", "b", "1")})
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, "a.jar", {"a.jar": content}, limits=limits)


def test_depth() -> None:
    content = jar(UNNAMED)
    for _ in range(DEFAULT_LIMITS.zip_depth + 1):
        content = jar({"a.jar": content})
    found, issues = run(ANALYZER, "a.jar", {"a.jar": content})
    assert [len(item.queries) for item in found if isinstance(item, JavaArchive)] == [DEFAULT_LIMITS.zip_depth]
    assert [(issue.code, "deeper than 10 levels" in issue.message) for issue in issues] == [
        (IssueCode.FILE_TOO_LARGE, True)
    ]


@pytest.mark.parametrize(
    ("path", "claimed"),
    [("a/b.jar", True), ("b.War", True), ("b.EAR", True), ("x.par", True), ("b.jar.bak", False), ("jar", False)],
)
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
