"""What belongs to the operating system, to an application, or to nobody."""

from __future__ import annotations

from uuid import UUID

import pytest

from assaymark.errors import ArtifactError
from assaymark.inventory.sbom.contents import Contents, read_contents
from assaymark.inventory.sbom.document import Component, ComponentType, Document
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import ArtifactType
from assaymark.model.inventory import Application, OperatingSystem
from assaymark.model.issue import IssueCode
from assaymark.model.package import Package, PackageIdentifier
from assaymark.model.purl import parse_purl

SYSTEM = Component(type=ComponentType.OPERATING_SYSTEM, ref="os", name="debian", version="12")


def lib(name: str, purl: str = "", *, ref: str | None = None) -> Component:
    text = purl or f"pkg:npm/{name}@1"
    return Component(
        type=ComponentType.LIBRARY, ref=name if ref is None else ref, name=name, version="1", purl=parse_purl(text)
    )


def deb(name: str) -> Component:
    return lib(name, f"pkg:deb/debian/{name}@1")


def app(name: str, kind: str = "npm") -> Component:
    return Component(type=ComponentType.APPLICATION, ref=name, name=name, properties=(("Type", kind),))


def read(
    *components: Component,
    edges: dict[str, str] | None = None,
    root: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Contents:
    """`edges` name what a component depends on, between blanks."""
    places = {component.ref: place for place, component in enumerate(components)}
    depends = {source: tuple(places[target] for target in text.split()) for source, text in (edges or {}).items()}
    document = Document(
        type=ArtifactType.CYCLONEDX,
        components=components,
        depends_on=tuple(depends.get(component.ref, ()) for component in components),
        root=root,
        has_refs=True,
    )
    return read_contents(document, limits=limits)


def shape(contents: Contents) -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    """Names alone: of the system, and of each application by type and path."""
    applications = {(each.type, each.path): [one.name for one in each.packages] for each in contents.applications}
    return [package.name for package in contents.packages], applications


def test_a_package_in_full() -> None:
    contents = read(lib("a"), lib("b"), edges={"a": "b b a"})

    identified = PackageIdentifier(purl="pkg:npm/a@1", bom_ref="a"), PackageIdentifier(purl="pkg:npm/b@1", bom_ref="b")
    assert contents == Contents(
        applications=(
            Application(
                path="",
                type="node-pkg",
                packages=(
                    Package(
                        id="a@1", name="a", identifier=identified[0], version="1", depends_on=("b@1", "b@1", "a@1")
                    ),
                    Package(id="b@1", name="b", identifier=identified[1], version="1"),
                ),
            ),
        )
    )


@pytest.mark.parametrize(
    ("components", "edges", "expected"),
    [
        pytest.param(
            (SYSTEM, deb("a"), deb("b"), deb("c")),
            {"os": "a", "a": "c"},
            (["a", "c", "b"], {}),
            id="what the system reaches comes first, the rest joins it",
        ),
        pytest.param(
            (SYSTEM, deb("a"), lib("n")), {"os": "a", "a": "n"}, (["a", "n"], {}), id="whatever the system reaches"
        ),
        pytest.param(
            (app("lock"), lib("a"), lib("b"), lib("c")),
            {"lock": "a", "a": "b", "b": "a"},
            ([], {("npm", "lock"): ["a", "b"], ("node-pkg", ""): ["c"]}),
            id="a lockfile, a cycle, and an orphan",
        ),
        pytest.param(
            (app("one"), app("two"), lib("a")),
            {"two": "a", "one": "a"},
            ([], {("npm", "one"): ["a"], ("npm", "two"): []}),
            id="the first application in the document takes it",
        ),
        pytest.param(
            (app("Java", "jar"), lib("a"), lib("j", "pkg:maven/g/j@1")),
            {"Java": "a"},
            ([], {("jar", ""): ["a", "g:j"]}),
            id="gathered types have no path, and orphans join them",
        ),
        pytest.param(
            (app("x"), app("x"), lib("a"), lib("b")),
            {"x": "a"},
            ([], {("npm", "x"): ["a"], ("node-pkg", ""): ["b"]}),
            id="two applications at one path",
        ),
        pytest.param(
            (lib("a"), lib("g", "pkg:golang/g@1"), lib("e", "pkg:k8s/eks/e@1")),
            {},
            ([], {("eks", ""): ["e"], ("gobinary", ""): ["g"], ("node-pkg", ""): ["a"]}),
            id="orphans by type",
        ),
        pytest.param(
            (lib("g"), Component(type=ComponentType.FILE, ref="f"), lib("a")),
            {"g": "f", "f": "a"},
            ([], {("node-pkg", ""): ["g", "a"]}),
            id="what is no package joins nothing",
        ),
    ],
)
def test_who_owns_what(
    components: tuple[Component, ...],
    edges: dict[str, str],
    expected: tuple[list[str], dict[tuple[str, str], list[str]]],
) -> None:
    assert shape(read(*components, edges=edges)) == expected


def test_the_operating_system() -> None:
    assert read(SYSTEM).os == OperatingSystem(family="debian", name="12")
    assert read(lib("a")).os is None


def test_only_the_first_operating_system_counts() -> None:
    other = Component(type=ComponentType.OPERATING_SYSTEM, ref="other", name="alpine", version="3")

    contents = read(SYSTEM, other, deb("a"), deb("b"), edges={"other": "b", "os": "a"})

    assert contents.os == OperatingSystem(family="debian", name="12")
    assert shape(contents) == (["a", "b"], {})
    assert [(issue.code, issue.message) for issue in contents.issues] == [
        (IssueCode.OS_UNSUPPORTED, "1 further operating systems are not looked at: `alpine 3`")
    ]


def test_system_packages_of_two_kinds_belong_to_no_distribution() -> None:
    with pytest.raises(ArtifactError, match=r"system packages of several kinds \(deb, rpm\)"):
        read(deb("a"), lib("r", "pkg:rpm/fedora/r@1"))


def test_two_kinds_may_hang_under_their_system() -> None:
    contents = read(SYSTEM, deb("a"), lib("r", "pkg:rpm/fedora/r@1"), edges={"os": "a"})

    assert shape(contents) == (["a", "r"], {})


@pytest.mark.parametrize(
    ("component", "code", "message"),
    [
        pytest.param(
            lib("x", "pkg:generic/x@1"),
            IssueCode.NOT_ANALYSED,
            "1 package URLs are of types that are not matched: `pkg:generic/x@1`",
            id="another type",
        ),
        pytest.param(
            lib("x", "pkg:swift/x@1"),
            IssueCode.FILE_MALFORMED,
            "1 package URLs have no namespace, which their type needs: `pkg:swift/x@1`",
            id="Swift without a namespace",
        ),
        pytest.param(
            Component(type=ComponentType.LIBRARY, name="x", version="2"),
            IssueCode.NOT_ANALYSED,
            "1 components have no package URL and were not matched: `x 2`",
            id="no package URL",
        ),
        pytest.param(
            Component(type=ComponentType.APPLICATION, name="x"),
            IssueCode.NOT_ANALYSED,
            "1 components have no package URL and were not matched: `x`",
            id="an application of an unknown kind",
        ),
    ],
)
def test_what_cannot_be_matched_is_said(component: Component, code: IssueCode, message: str) -> None:
    contents = read(component)

    assert (contents.packages, contents.applications) == ((), ())
    assert [(issue.code, issue.message, issue.blocking) for issue in contents.issues] == [(code, message, True)]


def test_many_troubles_of_a_kind_are_one_issue() -> None:
    contents = read(*(lib(f"x{number}", f"pkg:github/a/x{number}@1") for number in range(9)))

    assert [issue.message for issue in contents.issues] == [
        (
            "9 package URLs are of types that are not matched: `pkg:github/a/x0@1`, `pkg:github/a/x1@1`, "
            "`pkg:github/a/x2@1`, `pkg:github/a/x3@1`, `pkg:github/a/x4@1`, …"
        )
    ]


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(Component(type=ComponentType.CONTAINER, name="i", purl=parse_purl("pkg:oci/i@1")), id="an image"),
        pytest.param(Component(type=ComponentType.APPLICATION, name="app"), id="an application"),
        pytest.param(Component(type=ComponentType.FILE, name="f"), id="a file"),
    ],
)
def test_the_described_thing_itself_is_not_missed(root: Component) -> None:
    assert read(root, root=0).issues == ()


def test_the_described_thing_can_be_a_package() -> None:
    assert shape(read(lib("self"), root=0)) == ([], {("node-pkg", ""): ["self"]})


def test_components_without_references_get_one() -> None:
    components = (lib("a", ref=""), lib("b", "pkg:npm/b@1", ref=""), lib("c", "pkg:npm/b@1", ref=""), lib("d"))

    refs = [package.identifier.bom_ref for package in read(*components).applications[0].packages]

    assert (refs[0], refs[3]) == ("pkg:npm/a@1", "d")
    assert [UUID(ref).version for ref in refs[1:3]] == [8, 8]
    assert refs[1] != refs[2]
    assert refs == [package.identifier.bom_ref for package in read(*components).applications[0].packages]


def test_dependencies_beyond_what_is_kept_are_left_out() -> None:
    edges = {"a": "b", "b": "a", "c": "a"}

    contents = read(lib("a"), lib("b"), lib("c"), edges=edges, limits=Limits(database_list_bytes=2 * 67))

    assert [package.depends_on for package in contents.applications[0].packages] == [("b@1",), ("a@1",), ()]
    assert [(issue.message, issue.blocking) for issue in contents.issues] == [
        ("1 packages have dependencies beyond what is kept: `c@1`", False)
    ]
