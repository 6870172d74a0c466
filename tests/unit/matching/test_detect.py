"""From an inventory to results, and what is said about the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.support.advisory_source import MemoryAdvisories

from assaymark.matching.detect import Detection, detect
from assaymark.matching.selection import MatchOptions
from assaymark.model.advisory import Advisory
from assaymark.model.inventory import Application, Inventory, OperatingSystem, PackageRepositories
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package, PackageRepository, Relationship

TODAY = datetime(2026, 11, 21, tzinfo=UTC)
MUSL = Package(id="musl@1.1.22-r2", name="musl", version="1.1.22-r2", src_name="musl", src_version="1.1.22-r2")
FLASK = Package(id="flask@1.0", name="Flask", version="1.0")
ALPINE = OperatingSystem(family="alpine", name="3.10.4")
SOURCE = MemoryAdvisories(
    {
        "alpine 3.10": {"musl": [Advisory(vulnerability_id="CVE-2020-28928", fixed_version="1.1.22-r4")]},
        "pip::GitHub": {
            "flask": [Advisory(vulnerability_id="CVE-2018-1000656", vulnerable_versions=("<0.12.3", "<2"))]
        },
        "npm::GitHub": {},
    }
)


def detected(inventory: Inventory, options: MatchOptions | None = None, source: MemoryAdvisories = SOURCE) -> Detection:
    return detect(
        inventory,
        artifact_name="app:1",
        artifact_id="sha256:1",
        source=source,
        today=TODAY,
        options=options or MatchOptions(),
    )


def shown(detection: Detection) -> list[tuple[str, str, str, list[str], list[str]]]:
    return [
        (
            result.target,
            result.class_,
            result.type,
            [package.name for package in result.packages],
            [finding.vulnerability_id for finding in result.vulnerabilities],
        )
        for result in detection.results
    ]


def codes(detection: Detection) -> list[tuple[IssueCode, bool]]:
    return [(issue.code, issue.blocking) for issue in detection.issues]


def test_the_system_comes_first_and_applications_by_target() -> None:
    applications = (
        Application(path="", type="python-pkg", packages=(FLASK,)),
        Application(path="a/requirements.txt", type="pip", packages=(FLASK,)),
        Application(path="A/package-lock.json", type="npm", packages=(Package(name="left-pad", version="1.0.0"),)),
    )

    detection = detected(Inventory(os=ALPINE, packages=(MUSL,), applications=applications))

    assert shown(detection) == [
        ("app:1 (alpine 3.10.4)", "os-pkgs", "alpine", ["musl"], ["CVE-2020-28928"]),
        ("A/package-lock.json", "lang-pkgs", "npm", ["left-pad"], []),
        ("Python", "lang-pkgs", "python-pkg", ["Flask"], ["CVE-2018-1000656"]),
        ("a/requirements.txt", "lang-pkgs", "pip", ["Flask"], ["CVE-2018-1000656"]),
    ]
    assert detection.os == OperatingSystem(family="alpine", name="3.10.4", eosl=True)
    assert detection.issues == ()


def test_an_extended_release_stands_in_the_target_and_not_in_the_name() -> None:
    source = MemoryAdvisories({"ubuntu 20.04-ESM": {}})
    system = OperatingSystem(family="ubuntu", name="20.04", extended=True)

    detection = detected(Inventory(os=system, packages=(MUSL,)), source=source)

    assert [result.target for result in detection.results] == ["app:1 (ubuntu 20.04-ESM)"]
    assert (detection.os, detection.issues) == (system, ())


def test_packages_of_others_are_listed_and_not_matched() -> None:
    theirs = Package(
        name="musl",
        version="0.1-r0",
        src_name="musl",
        src_version="0.1-r0",
        repository=PackageRepository(class_="third-party"),
    )

    assert shown(detected(Inventory(os=ALPINE, packages=(theirs,))))[0][3:] == (["musl"], [])


@pytest.mark.parametrize(
    ("inventory", "expects_os", "system", "expected"),
    [
        pytest.param(Inventory(), False, None, [], id="a folder without a system is no issue"),
        pytest.param(Inventory(), True, None, [(IssueCode.OS_UNKNOWN, True)], id="an image with nothing in it"),
        pytest.param(
            Inventory(applications=(Application(path="r.txt", type="pip", packages=(FLASK,)),)),
            True,
            None,
            [(IssueCode.OS_UNKNOWN, False)],
            id="an image with applications alone",
        ),
        pytest.param(
            Inventory(applications=(Application(path="r.txt", type="pip", packages=()),)),
            True,
            None,
            [(IssueCode.OS_UNKNOWN, True)],
            id="an image with an application that has no packages",
        ),
        pytest.param(
            Inventory(packages=(MUSL,)),
            False,
            OperatingSystem(family="none", name=""),
            [(IssueCode.OS_UNKNOWN, True)],
            id="packages of no system",
        ),
        pytest.param(
            Inventory(os=OperatingSystem(family="fedora", name="42"), packages=(MUSL,)),
            True,
            OperatingSystem(family="fedora", name="42"),
            [(IssueCode.OS_UNSUPPORTED, True)],
            id="a system without a driver",
        ),
        pytest.param(
            Inventory(os=OperatingSystem(family="fedora", name="")),
            True,
            OperatingSystem(family="fedora", name=""),
            [(IssueCode.OS_UNSUPPORTED, True)],
            id="a system without a driver, whose packages nobody read",
        ),
        pytest.param(
            Inventory(
                os=OperatingSystem(family="activestate", name="1"),
                applications=(Application(path="r.txt", type="pip", packages=(FLASK,)),),
            ),
            True,
            OperatingSystem(family="activestate", name="1"),
            [],
            id="a system that has no packages of its own",
        ),
        pytest.param(
            Inventory(os=OperatingSystem(family="activestate", name="1")),
            True,
            OperatingSystem(family="activestate", name="1"),
            [(IssueCode.OS_NO_PACKAGES, True)],
            id="a system that has no packages of its own, and no others",
        ),
        pytest.param(
            Inventory(os=OperatingSystem(family="activestate", name="1"), packages=(MUSL,)),
            True,
            OperatingSystem(family="activestate", name="1"),
            [(IssueCode.OS_UNSUPPORTED, True)],
            id="a system that should have no packages",
        ),
    ],
)
def test_without_a_driver_there_is_no_result_but_an_issue(
    inventory: Inventory, expects_os: bool, system: OperatingSystem | None, expected: list[tuple[IssueCode, bool]]
) -> None:
    detection = detected(inventory, MatchOptions(expects_os=expects_os))

    assert [result.class_ for result in detection.results if result.class_ == "os-pkgs"] == []
    assert (detection.os, codes(detection)) == (system, expected)


def test_the_repositories_name_a_system_that_nothing_else_names() -> None:
    repository = PackageRepositories(path="etc/apk/repositories", family="alpine", release="3.10")

    detection = detected(Inventory(repository=repository, packages=(MUSL,)))

    assert shown(detection) == [("app:1 (alpine 3.10)", "os-pkgs", "alpine", ["musl"], ["CVE-2020-28928"])]


def test_a_system_without_packages_and_a_release_without_advisories_are_issues() -> None:
    assert detected(Inventory(os=OperatingSystem(family="alpine", name="9.9.9"))).issues == (
        Issue(
            code=IssueCode.OS_NO_PACKAGES,
            message="no packages of `alpine 9.9.9` were found: its package database may have been deleted",
        ),
        Issue(
            code=IssueCode.OS_END_UNKNOWN,
            message="when `alpine 9.9.9` is out of support is not known: this version does not list it",
            blocking=False,
        ),
        Issue(
            code=IssueCode.OS_NO_ADVISORIES,
            message="the database has no advisories `alpine 9.9` for `alpine 9.9.9`",
        ),
    )


def test_an_empty_database_is_an_issue() -> None:
    source = MemoryAdvisories({}, described=False)
    applications = (Application(path="r.txt", type="pip", packages=(FLASK,)),)

    detection = detected(Inventory(applications=applications), source=source)

    assert codes(detection) == [(IssueCode.DATABASE_EMPTY, True), (IssueCode.DATABASE_EMPTY, True)]
    assert shown(detection) == [("r.txt", "lang-pkgs", "pip", ["Flask"], [])]


@pytest.mark.parametrize("kind", ["conda-pkg", "eks"])
def test_packages_that_nobody_matches_are_listed_with_an_issue(kind: str) -> None:
    detection = detected(Inventory(applications=(Application(path="x", type=kind, packages=(FLASK,)),)))

    assert (codes(detection), len(detection.results)) == ([(IssueCode.NOT_ANALYSED, False)], 1)


def test_an_application_without_packages_has_no_result() -> None:
    detection = detected(Inventory(applications=(Application(path="x", type="pip", packages=()),)))

    assert detection == Detection()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(MatchOptions(pkg_types=frozenset({"os"})), ["os-pkgs"], id="the system alone"),
        pytest.param(MatchOptions(pkg_types=frozenset({"library"})), ["lang-pkgs"], id="libraries alone"),
    ],
)
def test_kinds_of_packages_can_be_chosen(options: MatchOptions, expected: list[str]) -> None:
    applications = (Application(path="r.txt", type="pip", packages=(FLASK,)),)

    detection = detected(Inventory(os=ALPINE, packages=(MUSL,), applications=applications), options)

    assert [result.class_ for result in detection.results] == expected


def lockfile() -> Inventory:
    root = Package(id="r", name="r", version="1", relationship=Relationship.ROOT, depends_on=("a@1", "d@1"))
    kept = Package(id="a@1", name="a", version="1", relationship=Relationship.DIRECT, depends_on=("d@1",))
    development = Package(id="d@1", name="d", version="1", relationship=Relationship.INDIRECT, dev=True)
    return Inventory(applications=(Application(path="p", type="npm", packages=(root, kept, development)),))


def test_development_dependencies_leave_and_roots_forget_them() -> None:
    packages = detected(lockfile()).results[0].packages

    assert [(package.id, package.depends_on) for package in packages] == [("r", ("a@1",)), ("a@1", ("d@1",))]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(MatchOptions(include_dev_deps=True), ["r", "a@1", "d@1"], id="with development dependencies"),
        pytest.param(
            MatchOptions(relationships=frozenset({Relationship.DIRECT})), ["a@1"], id="direct dependencies alone"
        ),
    ],
)
def test_packages_can_be_chosen(options: MatchOptions, expected: list[str]) -> None:
    assert [package.id for package in detected(lockfile(), options).results[0].packages] == expected
