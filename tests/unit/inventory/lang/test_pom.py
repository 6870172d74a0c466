"""Maven projects: each rule of the effective model, with POMs of the scanned tree, a local and a remote repository."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import MemoryHost, run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.pom import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Location, Package, Relationship

CENTRAL = "https://repo.maven.apache.org/maven2"

Rows = dict[str, tuple[str, str, list[str]]]


def pom(name: str, body: str = "") -> str:
    group, artifact, version = name.split(":")
    head = f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
    return f'<project xmlns="http://maven.apache.org/POM/4.0.0">{head}{body}</project>'


def entry(name: str, more: str = "", tag: str = "dependency") -> str:
    words = zip(("groupId", "artifactId", "version"), name.split(":"), strict=False)
    return f"<{tag}>{''.join(f'<{key}>{word}</{key}>' for key, word in words if word)}{more}</{tag}>"


def depends(*entries: str) -> str:
    return f"<dependencies>{''.join(each if '<' in each else entry(each) for each in entries)}</dependencies>"


def manages(*entries: str) -> str:
    return f"<dependencyManagement>{depends(*entries)}</dependencyManagement>"


def published(*poms: str) -> dict[str, str]:
    """A local repository of these POMs, whose groups have no dots."""
    found = {}
    for text in poms:
        group, artifact, version = (
            text.split(f"<{tag}>")[1].split("<")[0] for tag in ("groupId", "artifactId", "version")
        )
        found[f"maven/{group}/{artifact}/{version}/{artifact}-{version}.pom"] = text
    return found


def resolved(files: dict[str, str], *poms: str, host: MemoryHost | None = None, path: str = "pom.xml") -> Rows:
    """By identifier without its hash: version, relationship, and what it depends on."""
    found, issues = run(ANALYZER, path, dict(files), root=".", host=host or MemoryHost(published(*poms)))
    assert issues == []
    packages = [package for item in found if isinstance(item, Application) for package in item.packages]
    return {
        package.name: (
            package.version,
            package.relationship.value,
            [each.split("::")[0] for each in package.depends_on],
        )
        for package in packages
    }


def test_a_project_with_the_lines_of_its_dependencies() -> None:
    text = """<project>
  <groupId>com.example</groupId>
  <artifactId>app</artifactId>
  <version>1.0</version>
  <licenses><license><name>MIT</name></license></licenses>
  <dependencies>
    <dependency>
      <groupId>org.a</groupId>
      <artifactId>b</artifactId>
      <version>2</version>
    </dependency>
  </dependencies>
</project>"""
    found, issues = run(ANALYZER, "a/pom.xml", {"a/pom.xml": text}, root="/src/./x")
    app, b = "com.example:app:1.0::", "org.a:b:2::"
    assert issues == []
    [application] = found
    assert isinstance(application, Application)
    packages = {package.name: package for package in application.packages}
    own, other = packages["com.example:app"], packages["org.a:b"]
    assert (own.id.startswith(app), other.id.startswith(b), len(own.id), len(other.id)) == (
        True,
        True,
        len(app) + 8,
        len(b) + 8,
    )
    assert own == Package(
        id=own.id,
        name="com.example:app",
        version="1.0",
        licenses=("MIT",),
        relationship=Relationship.ROOT,
        depends_on=(other.id,),
    )
    assert other == Package(
        id=other.id,
        name="org.a:b",
        version="2",
        relationship=Relationship.DIRECT,
        locations=(Location(start_line=7, end_line=11),),
    )


@pytest.mark.parametrize(
    ("body", "poms", "expected"),
    [
        pytest.param(
            "<properties><v>${w}</v><w>3</w></properties>" + depends("g:a:${v}", "${project.groupId}:b:${version}"),
            [],
            {"g:a": "3", "g:b": "1"},
            id="properties of properties, and of the project",
        ),
        pytest.param("<properties><v>${v}</v></properties>" + depends("g:a:${v}"), [], {"g:a": ""}, id="a circle"),
        pytest.param(depends("g:a:${env.HOME}", "g:b:${none}"), [], {"g:a": "", "g:b": ""}, id="no environment"),
        pytest.param(
            depends("g:a:1", entry("g:t:1", "<scope>test</scope>"), entry("g:p:1", "<scope>provided</scope>"))
            + "<profiles><profile><dependencies><dependency/></dependencies></profile></profiles>",
            [],
            {"g:a": "1"},
            id="scopes, and profiles that nobody activates",
        ),
        pytest.param(
            depends(entry("g:a:1", "<optional>true</optional>"), entry("g:b:1", "<scope>runtime</scope>")),
            [],
            {"g:b": "1"},
            id="optional",
        ),
        pytest.param(manages("g:a:4") + depends("g:a"), [], {"g:a": "4"}, id="a managed version"),
        pytest.param(manages(entry("g:a:4", "<scope>test</scope>")) + depends("g:a"), [], {}, id="a managed scope"),
        pytest.param(depends("g:a:[1.0]", "g:b:[1,2)"), [], {"g:a": "1.0", "g:b": ""}, id="ranges"),
        pytest.param(
            depends("g:a:1"),
            [pom("g:a:1", depends("g:b:2")), pom("g:b:2", depends("g:c:3"))],
            {"g:a": "1", "g:b": "2", "g:c": "3"},
            id="further ones",
        ),
        pytest.param(
            depends("g:a:1", "g:b:1"),
            [pom("g:a:1", depends("g:x:1")), pom("g:b:1", depends("g:x:2"))],
            {"g:a": "1", "g:b": "1", "g:x": "1"},
            id="the first of two as near",
        ),
        pytest.param(
            depends("g:a:1", "g:b:1"),
            [pom("g:a:1", depends("g:x:1")), pom("g:b:1", depends("g:x:[2]"))],
            {"g:a": "1", "g:b": "1", "g:x": "2"},
            id="a hard version over a soft one",
        ),
        pytest.param(
            manages("g:x:9") + depends("g:a:1"),
            [pom("g:a:1", depends("g:x:1"))],
            {"g:a": "1", "g:x": "9"},
            id="what the root manages",
        ),
        pytest.param(
            depends(
                entry(
                    "g:a:1", f"<exclusions>{entry('g:x', tag='exclusion')}{entry('*:y', tag='exclusion')}</exclusions>"
                )
            ),
            [pom("g:a:1", depends("g:x:1", "h:y:1", "g:z:1"))],
            {"g:a": "1", "g:z": "1"},
            id="exclusions",
        ),
        pytest.param(
            manages(entry("g:bom:1", "<type>pom</type><scope>import</scope>")) + depends("g:a"),
            [pom("g:bom:1", "<properties><v>7</v></properties>" + manages("g:a:${v}"))],
            {"g:a": "7"},
            id="an imported list",
        ),
        pytest.param(
            manages(entry("g:bom:1", "<scope>import</scope>")) + depends("g:a"),
            [pom("g:bom:1", manages(entry("g:bom:1", "<scope>import</scope>"), "g:a:2"))],
            {"g:a": "2"},
            id="a list that imports itself",
        ),
        pytest.param(
            entry("g:up:1", tag="parent") + depends("g:b"),
            [pom("g:up:1", manages("g:b:6") + depends("g:c:1"))],
            {"g:b": "6", "g:c": "1"},
            id="a published parent",
        ),
        pytest.param(
            depends("..:a:1", "g:../../a:1"), [], {"..:a": "1", "g:../../a": "1"}, id="names that are no paths"
        ),
    ],
)
def test_rules(body: str, poms: list[str], expected: dict[str, str]) -> None:
    found = resolved({"pom.xml": pom("g:root:1", body)}, *poms)
    assert {name: row[0] for name, row in found.items() if name != "g:root"} == expected


def test_graph() -> None:
    found = resolved(
        {"pom.xml": pom("g:root:1", depends("g:a:1", "g:b:1"))}, pom("g:a:1", depends("g:b:2", "g:c:1")), pom("g:c:1")
    )
    assert found == {
        "g:root": ("1", "root", ["g:a:1", "g:b:1"]),
        "g:a": ("1", "direct", ["g:b:1", "g:c:1"]),
        "g:b": ("1", "direct", []),
        "g:c": ("1", "indirect", []),
    }


CHILD = f"<project>{entry('g:root:1', tag='parent')}<artifactId>child</artifactId>{depends('g:a')}</project>"


def test_modules_and_parents_of_the_tree() -> None:
    files = {
        "pom.xml": pom("g:root:1", f"<modules><module>child</module><module>gone</module></modules>{manages('g:a:5')}"),
        "child/pom.xml": CHILD,
    }
    assert resolved(files) == {
        "g:root": ("1", "root", ["g:child:1"]),
        "g:child": ("1", "workspace", ["g:a:5"]),
        "g:a": ("5", "direct", []),
    }
    assert resolved(files, path="child/pom.xml") == {
        "g:child": ("1", "root", ["g:a:5"]),
        "g:a": ("5", "direct", []),
    }


@pytest.mark.parametrize(
    ("files", "version"),
    [
        pytest.param({"up/p.xml": pom("g:root:1", manages("g:a:5"))}, "5", id="a path to a file"),
        pytest.param({"up/p.xml/pom.xml": pom("g:root:1", manages("g:a:6"))}, "6", id="a path to a folder"),
        pytest.param({"up/p.xml": pom("g:other:1", manages("g:a:5"))}, "", id="another artifact"),
        pytest.param({"up/p.xml": "<project>"}, "", id="a broken parent"),
        pytest.param({}, "", id="no parent"),
    ],
)
def test_relative_paths(files: dict[str, str], version: str) -> None:
    parent = entry("g:root:1", "<relativePath>../up/p.xml</relativePath>", tag="parent")
    text = f"<project>{parent}<artifactId>child</artifactId>{depends('g:a')}</project>"
    assert resolved({"child/pom.xml": text, **files}, path="child/pom.xml")["g:a"][0] == version


def test_circles_of_parents_and_modules_end() -> None:
    parent = entry("g:a:1", "<relativePath>pom.xml</relativePath>", tag="parent")
    own = pom("g:a:1", parent + "<modules><module>.</module><module>pom.xml</module></modules>")
    assert set(resolved({"pom.xml": own}, own)) == {"g:a"}


def test_modules_do_not_leave_the_tree() -> None:
    own = pom("g:a:1", "<modules><module>../b</module><module>/etc</module></modules>")
    assert resolved({"pom.xml": own, "../b/pom.xml": pom("g:b:1")}) == {"g:a": ("1", "root", [])}


def test_parents_may_be_above_the_tree() -> None:
    own = (
        "<project>" + entry("g:up:1", tag="parent") + "<artifactId>a</artifactId>" + depends("g:b:${b}") + "</project>"
    )
    above = "<project>" + entry("g:top:1", tag="parent") + "<artifactId>up</artifactId><version>1</version></project>"
    top = pom("g:top:1", "<properties><b>7</b></properties>")
    files = {"pom.xml": own, "../pom.xml": above, "../../pom.xml": top}
    assert resolved(files) == {"g:a": ("1", "root", ["g:b:7"]), "g:b": ("7", "direct", [])}


def test_remote_repositories_are_asked_in_order() -> None:
    repository = "<repositories><repository><url>https://example.org/m/</url></repository></repositories>"
    host = MemoryHost(answers={f"{CENTRAL}/g/a/1/a-1.pom": pom("g:a:1", depends("g:b:2"))})
    found = resolved({"pom.xml": pom("g:root:1", repository + depends("g:a:1"))}, host=host)
    assert found["g:b"][0] == "2"
    assert host.asked[:2] == ["https://example.org/m/g/a/1/a-1.pom", f"{CENTRAL}/g/a/1/a-1.pom"]


def test_snapshots_have_names_of_their_own() -> None:
    base = "https://example.org/g/a/1-SNAPSHOT"
    versions = "<snapshotVersion><extension>pom</extension><value>1-2026-7</value></snapshotVersion>"
    metadata = f"<metadata><versioning><snapshotVersions>{versions}</snapshotVersions></versioning></metadata>"
    host = MemoryHost(
        answers={
            f"{base}/maven-metadata.xml": metadata,
            f"{base}/a-1-2026-7.pom": pom("g:a:1-SNAPSHOT", depends("g:b:2")),
        }
    )
    repository = "<repositories><repository><url>https://example.org</url></repository></repositories>"
    found = resolved({"pom.xml": pom("g:root:1", repository + depends("g:a:1-SNAPSHOT"))}, host=host)
    assert found["g:b"][0] == "2"
    assert [url for url in host.asked if url.startswith(CENTRAL) and "SNAPSHOT" in url] == []


@pytest.mark.parametrize(
    ("path", "dev"), [("src/it/a/pom.xml", True), ("target/it/a/pom.xml", True), ("it/a/pom.xml", False)]
)
def test_projects_of_integration_tests(path: str, *, dev: bool) -> None:
    [item], _ = run(ANALYZER, path, {path: pom("g:a:1")})
    assert isinstance(item, Application)
    assert [package.dev for package in item.packages] == [dev]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param("<project>", id="a truncated file"),
        pytest.param("<!DOCTYPE a><project/>", id="a document type"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises(ArtifactError):
        run(ANALYZER, "pom.xml", {"pom.xml": content})


def test_neither_true_nor_false_is_an_error() -> None:
    with pytest.raises(ValueError, match="`maybe` is neither true nor false"):
        run(ANALYZER, "pom.xml", {"pom.xml": pom("g:a:1", depends(entry("g:b:1", "<optional>maybe</optional>")))})


@pytest.mark.parametrize(
    ("bounds", "body"),
    [
        pytest.param({"packages_per_file": 1}, depends("g:b:1"), id="packages"),
        pytest.param({"pom_dependencies": 1}, depends("g:b:1", "g:c:1"), id="dependencies"),
        pytest.param(
            {},
            "<properties>"
            + "".join(f"<a{n}>${{a{n + 1}}}${{a{n + 1}}}</a{n}>" for n in range(60))
            + "</properties>"
            + depends("g:b:${a0}"),
            id="laughs",
        ),
        pytest.param(
            {"pom_depth": 2},
            "<properties><a>${b}</a><b>${c}</b><c>1</c></properties>" + depends("g:b:${a}"),
            id="depth",
        ),
    ],
)
def test_bounds(bounds: dict[str, int], body: str) -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, **{"pom_replacements": 1_000, **bounds})
    with pytest.raises(LimitError):
        run(ANALYZER, "pom.xml", {"pom.xml": pom("g:a:1", body)}, limits=limits)


def test_a_bound_that_further_poms_meet_is_an_issue() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, pom_files=1)
    files = {"pom.xml": pom("g:root:1", depends("g:a:1", "g:b:1"))}
    host = MemoryHost(published(pom("g:a:1"), pom("g:b:1", depends("g:c:1"))))
    [item], [issue] = run(ANALYZER, "pom.xml", files, limits=limits, host=host)
    assert isinstance(item, Application)
    assert {package.name for package in item.packages} == {"g:root", "g:a", "g:b"}
    assert issue.message == "pom: POMs that it leads to were left out: it leads to more than 1 POMs"


@pytest.mark.parametrize(("path", "claimed"), [("a/pom.xml", True), ("a.pom", False), ("my-pom.xml", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
