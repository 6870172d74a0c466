"""The inventory that a report lists, so that packages can be matched again without the layers that hold them.

A record's report lists every package with all that matching asks of it. What it does not hold decides when it can stand
for the layers, rather than approximately:

1. What was not looked at, or not wholly, is stated by the report, and stays as it is: the layers are the same.
2. Packages of a system that is not known, or that nobody's advisories are known for, are not listed at all.
3. Issues that matching decides are left to it. `NOT_ANALYSED` and `VERSION_UNPARSABLE` may come from files or from
   matching, and only the latter is decided again: with them there is no answer.
4. Java archives are named by a database of their own, which may know more by now.
5. `etc/apk/repositories` decides which advisories count and stands in no report: the record's parameters have it.
6. With filters for relationships or development dependencies a list is what they left, which they leave again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from assaymark.model.inventory import Application, Inventory, OperatingSystem, PackageRepositories
from assaymark.model.issue import IssueCode
from assaymark.model.report import Report, Result

REPOSITORIES_FILE: Final = "etc/apk/repositories"
_SYSTEM: Final = "os-pkgs"
_JAVA: Final = "jar"
_UNANSWERED: Final = frozenset(
    {IssueCode.NOT_ANALYSED, IssueCode.OS_UNKNOWN, IssueCode.OS_UNSUPPORTED, IssueCode.VERSION_UNPARSABLE}
)
"""Rules 2 and 3."""
_DECIDED_AGAIN: Final = frozenset(
    {
        IssueCode.CONSTRAINT_UNPARSABLE,
        IssueCode.DATABASE_EMPTY,
        IssueCode.DATABASE_OLD,
        IssueCode.DATABASE_SAMPLE,
        IssueCode.OS_END_UNKNOWN,
        IssueCode.OS_NO_ADVISORIES,
        IssueCode.OS_NO_PACKAGES,
    }
)
"""What matching says, with whatever database."""


def find_listed(report: Report, *, repository: str, collected: Mapping[str, str]) -> Inventory | None:
    """The inventory of a report that lists all packages; None where it cannot stand for the layers.

    Args:
        report: with its packages and its coverage.
        repository: family and release that `etc/apk/repositories` names, as `repository_name` writes them.
        collected: the targets of results that have no path, by their types.
    """
    coverage = report.coverage
    if coverage is None or any(issue.code in _UNANSWERED for issue in coverage.issues):
        return None
    if any(result.type == _JAVA for result in report.results):
        return None
    return Inventory(
        os=_system(report.metadata.os),
        repository=_repository(repository),
        packages=tuple(package for result in report.results if result.class_ == _SYSTEM for package in result.packages),
        applications=tuple(_application(result, collected) for result in report.results if result.class_ != _SYSTEM),
        issues=tuple(issue for issue in coverage.issues if issue.code not in _DECIDED_AGAIN),
        not_analysed=coverage.not_analysed,
    )


def repository_name(repository: PackageRepositories | None) -> str:
    """What a record says of `etc/apk/repositories`; empty where it names no release."""
    return f"{repository.family} {repository.release}" if repository is not None else ""


def _repository(name: str) -> PackageRepositories | None:
    family, _, release = name.partition(" ")
    return PackageRepositories(path=REPOSITORIES_FILE, family=family, release=release) if release else None


def _system(system: OperatingSystem | None) -> OperatingSystem | None:
    """The system; whether its support is over is decided on the day of the scan."""
    return msgspec.structs.replace(system, eosl=False) if system is not None else None


def _application(result: Result, collected: Mapping[str, str]) -> Application:
    path = "" if collected.get(result.type) == result.target else result.target
    return Application(path=path, type=result.type, packages=result.packages)
