"""Inventories that reports list: what stands for the layers, and what cannot."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, a_report

from assaymark.inventory.listed import REPOSITORIES_FILE, find_listed, repository_name
from assaymark.model.inventory import Application, Inventory, OperatingSystem, PackageRepositories
from assaymark.model.issue import Coverage, Issue, IssueCode, Unanalysed
from assaymark.model.package import Package
from assaymark.model.report import Report, Result

COLLECTED = {"python-pkg": "Python"}
LOCKED = Result(target="app/a.lock", class_="lang-pkgs", type="pip", packages=(Package(name="flask", version="1"),))
FOUND = Result(target="Python", class_="lang-pkgs", type="python-pkg", packages=(Package(name="a", version="1"),))
KEPT = Issue(code=IssueCode.FILE_MALFORMED, message="not JSON", path="a")
DECIDED = Issue(code=IssueCode.DATABASE_OLD, message="old", blocking=False)
NOT_READ = Unanalysed(kind="gemspec", count=1)


def listed(report: Report, repository: str = "") -> Inventory | None:
    return find_listed(report, repository=repository, collected=COLLECTED)


def test_everything_that_matching_asks_for() -> None:
    coverage = Coverage(complete=False, issues=(DECIDED, KEPT), not_analysed=(NOT_READ,))
    report = a_report(APK_TOOLS, coverage=coverage)
    report = replace(report, results=(*report.results, LOCKED, FOUND))
    assert listed(report, "alpine edge") == Inventory(
        os=OperatingSystem(family="alpine", name="3.10.4"),
        repository=PackageRepositories(path=REPOSITORIES_FILE, family="alpine", release="edge"),
        packages=(Package(name="apk-tools", version="2.10.4-r2"),),
        applications=(
            Application(path="app/a.lock", type="pip", packages=LOCKED.packages),
            Application(path="", type="python-pkg", packages=FOUND.packages),
        ),
        issues=(KEPT,),
        not_analysed=(NOT_READ,),
    )


def test_a_report_without_a_system() -> None:
    report = a_report()
    report = replace(report, results=(LOCKED,), metadata=replace(report.metadata, os=None))
    inventory = listed(report)
    assert inventory is not None
    assert (inventory.os, inventory.repository, inventory.packages) == (None, None, ())


UNANSWERED = {
    "nobody said what was looked at": a_report(coverage=None),
    "files or packages that were not analysed": a_report(
        coverage=Coverage(complete=True, issues=(Issue(code=IssueCode.NOT_ANALYSED, message="", blocking=False),))
    ),
    "a system that is not known": a_report(
        coverage=Coverage(complete=False, issues=(Issue(code=IssueCode.OS_UNKNOWN, message=""),))
    ),
    "a system whose packages are not listed": a_report(
        coverage=Coverage(complete=False, issues=(Issue(code=IssueCode.OS_UNSUPPORTED, message=""),))
    ),
    "versions that cannot be ordered": a_report(
        coverage=Coverage(complete=False, issues=(Issue(code=IssueCode.VERSION_UNPARSABLE, message=""),))
    ),
    "Java archives": replace(a_report(), results=(Result(target="Java", class_="lang-pkgs", type="jar"),)),
}


@pytest.mark.parametrize("report", UNANSWERED.values(), ids=UNANSWERED.keys())
def test_what_cannot_stand_for_the_layers(report: Report) -> None:
    assert listed(report) is None


def test_what_was_not_read_stays_unread() -> None:
    inventory = listed(a_report(coverage=INCOMPLETE))
    assert inventory is not None
    assert (inventory.issues, inventory.not_analysed) == (INCOMPLETE.issues, INCOMPLETE.not_analysed)


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        pytest.param(None, "", id="no file, or none that names a release"),
        pytest.param(
            PackageRepositories(path=REPOSITORIES_FILE, family="alpine", release="3.20"), "alpine 3.20", id="a release"
        ),
    ],
)
def test_what_a_record_says_of_repositories(repository: PackageRepositories | None, name: str) -> None:
    assert repository_name(repository) == name
    inventory = listed(a_report(), name)
    assert inventory is not None
    assert inventory.repository == repository
