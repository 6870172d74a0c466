"""Detection: an inventory and a database to results, before any filter.

The result of the operating system comes first, then the applications by target. Where the reference says nothing, the
report does: a distribution without a driver, a release or an ecosystem that the database does not know, a distribution
without packages, and versions that cannot be ordered are issues.

1. Packages outside the asked relationships, and development dependencies, are taken out first.
2. A distribution that no driver reads has no result at all, its packages included, as with the reference.
3. Where no distribution was found but `etc/apk/repositories` names one, it is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from assaymark.matching.details import Filler
from assaymark.matching.doubts import Doubts
from assaymark.matching.driver import OsTarget, find_driver, find_family_driver
from assaymark.matching.language import find_ecosystem, match_application
from assaymark.matching.lifecycle import find_end_of_life, is_end_of_life, listed_releases
from assaymark.matching.selection import MatchOptions, selected
from assaymark.model.advisory import AdvisorySource
from assaymark.model.inventory import Application, Inventory, OperatingSystem
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.report import Result
from assaymark.versions.scheme import load_scheme

COLLECTED: Final[Mapping[str, str]] = {
    "python-pkg": "Python",
    "conda-pkg": "Conda",
    "gemspec": "Ruby",
    "node-pkg": "Node.js",
    "jar": "Java",
    "kubernetes": "Kubernetes",
}
"""Targets of packages that were collected from everywhere, and so have no path; by their types."""

_NOBODY: Final = "an unknown operating system"
_WITHOUT_PACKAGES: Final = frozenset({"activestate"})
"""Distributions that consist of language packages alone."""


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """What was detected.

    Attributes:
        os: the operating system of the report, its end of life decided; None where there is none.
        results: unfiltered; their findings have no order.
        issues: what could not be matched.
    """

    os: OperatingSystem | None = None
    results: tuple[Result, ...] = ()
    issues: tuple[Issue, ...] = ()


def detect(
    inventory: Inventory,
    *,
    artifact_name: str,
    artifact_id: str,
    source: AdvisorySource,
    today: datetime,
    options: MatchOptions,
) -> Detection:
    """The findings of an inventory.

    Args:
        inventory: what was found in the artifact, sorted.
        artifact_name: stands in the target of the operating system's result.
        artifact_id: part of every finding's fingerprint.
        source: the advisories.
        today: decides about ends of life; with a time zone.
        options: what to match, and whose severities count.
    """
    inventory = selected(inventory, options)
    filler = Filler(source, artifact_id=artifact_id, severity_sources=options.severity_sources)
    issues: list[Issue] = list(_database_issues(source))
    system = operating_system(inventory)
    results: list[Result] = []
    if "os" in options.pkg_types:
        issues.extend(system_issues(inventory, system, options))
        if system and system.family not in _WITHOUT_PACKAGES:
            matcher = _SystemMatcher(system, inventory, artifact_name=artifact_name, source=source, today=today)
            results.extend(matcher.results(filler))
            issues.extend(matcher.issues())
            system = matcher.system
    if "library" in options.pkg_types:
        for application in inventory.applications:
            doubts = Doubts(application.path)
            results.extend(_application_results(application, filler, source=source, doubts=doubts))
            issues.extend((*_application_issues(application, source), *doubts.issues()))
    results[1 if results and results[0].class_ == "os-pkgs" else 0 :] = sorted(
        (result for result in results if result.class_ != "os-pkgs"), key=lambda result: result.target
    )
    return Detection(os=system, results=tuple(results), issues=tuple(dict.fromkeys(issues)))


def _database_issues(source: AdvisorySource) -> Iterator[Issue]:
    if not source.has_source("vulnerability"):
        yield Issue(code=IssueCode.DATABASE_EMPTY, message="the database describes no vulnerabilities")


def operating_system(inventory: Inventory) -> OperatingSystem | None:
    """The operating system of the report, rule 3; packages of nobody's make the family `none`."""
    if inventory.os:
        return inventory.os
    if inventory.repository:
        return OperatingSystem(family=inventory.repository.family, name=inventory.repository.release)
    return OperatingSystem(family="none", name="") if inventory.packages else None


def system_issues(inventory: Inventory, system: OperatingSystem | None, options: MatchOptions) -> Iterator[Issue]:
    """What makes the system's part of a scan blind, whatever the database knows."""
    without_own = system is not None and system.family in _WITHOUT_PACKAGES
    others = any(application.packages for application in inventory.applications)
    if system is None and options.expects_os:
        named = f"`{inventory.unknown_os}` is no operating system that is known" if inventory.unknown_os else ""
        message = f"{named or 'no operating system was recognised'}, so no system packages were matched"
        yield Issue(code=IssueCode.OS_UNKNOWN, message=message, blocking=bool(named) or not others)
    elif system and system.family == "none":
        message = f"{len(inventory.packages)} packages of {_unknown(inventory)} were not matched"
        yield Issue(code=IssueCode.OS_UNKNOWN, message=message)
    elif system and without_own and inventory.packages:
        message = f"{len(inventory.packages)} packages of {_called(system)} were not matched: it should have none"
        yield Issue(code=IssueCode.OS_UNSUPPORTED, message=message)
    elif system and not inventory.packages and (not others if without_own else find_family_driver(system.family)):
        message = f"no packages of {_called(system)} were found: its package database may have been deleted"
        yield Issue(code=IssueCode.OS_NO_PACKAGES, message=message)


def _unknown(inventory: Inventory) -> str:
    return f"the unknown operating system `{inventory.unknown_os}`" if inventory.unknown_os else _NOBODY


def _called(system: OperatingSystem) -> str:
    return f"`{system.family} {system.name}`".replace(" `", "`")


def system_target(artifact_name: str, system: OperatingSystem) -> str:
    """What the result of an operating system is called."""
    return f"{artifact_name} ({system.family} {_release(system)})"


def application_target(application: Application) -> str:
    """What the result of an application is called: its path, or its kind where packages come from everywhere."""
    return application.path or COLLECTED.get(application.type, "")


def _release(system: OperatingSystem) -> str:
    return f"{system.name}-ESM" if system.extended else system.name


class _SystemMatcher:
    """The operating system's packages and the driver of its family."""

    def __init__(
        self,
        system: OperatingSystem,
        inventory: Inventory,
        *,
        artifact_name: str,
        source: AdvisorySource,
        today: datetime,
    ) -> None:
        self.system = system
        self._name = system_target(artifact_name, system)
        self._inventory = inventory
        target = OsTarget(
            family=system.family,
            release=_release(system),
            supplier=system.supplier,
            repository=inventory.repository,
            packages=inventory.packages,
            source=source,
            today=today,
            doubts=Doubts(""),
        )
        self._driver = find_driver(target)
        if self._driver:
            ended = is_end_of_life(system.family, self._driver.lifecycle(target), today)
            self.system = msgspec.structs.replace(system, eosl=ended)
            target = msgspec.structs.replace(target, packages=tuple(filter(self._driver.keeps, inventory.packages)))
        self._target = target

    def results(self, filler: Filler) -> Iterator[Result]:
        """One result, or none without a driver."""
        if self._driver:
            matches = self._driver.detect(self._target)
            yield Result(
                target=self._name,
                class_="os-pkgs",
                type=self.system.family,
                packages=self._inventory.packages,
                vulnerabilities=tuple(filler.finding(match, target=self._name) for match in matches),
            )

    def issues(self) -> Iterator[Issue]:
        """What the driver could not answer; ask after `results`."""
        if self._driver is None:
            if self.system.family != "none":
                message = (
                    f"packages of {_called(self.system)} are neither matched nor listed: nobody's advisories are known"
                )
                yield Issue(code=IssueCode.OS_UNSUPPORTED, message=message)
            return
        release = self._driver.lifecycle(self._target)
        if release and listed_releases(self.system.family) and not find_end_of_life(self.system.family, release):
            message = f"when {_called(self.system)} is out of support is not known: this version does not list it"
            yield Issue(code=IssueCode.OS_END_UNKNOWN, message=message, blocking=False)
        for bucket in self._driver.buckets(self._target):
            if not self._target.source.has_source(bucket):
                message = f"the database has no advisories `{bucket}` for {_called(self.system)}"
                yield Issue(code=IssueCode.OS_NO_ADVISORIES, message=message)
        yield from self._target.doubts.issues()


def _application_results(
    application: Application, filler: Filler, *, source: AdvisorySource, doubts: Doubts
) -> Iterator[Result]:
    """One result for an application that has packages."""
    if not application.packages:
        return
    target = application_target(application)
    ecosystem = find_ecosystem(application.type)
    matches = (
        match_application(application, ecosystem, load_scheme(ecosystem.scheme), source=source, doubts=doubts)
        if ecosystem
        else ()
    )
    yield Result(
        target=target,
        class_="lang-pkgs",
        type=application.type,
        packages=application.packages,
        vulnerabilities=tuple(filler.finding(match, target=target) for match in matches),
    )


def _application_issues(application: Application, source: AdvisorySource) -> Iterator[Issue]:
    """Packages that are listed and were not matched."""
    if not application.packages:
        return
    ecosystem = find_ecosystem(application.type)
    count = f"{len(application.packages)} packages of type `{application.type}`"
    if ecosystem is None:
        message = f"{count} are listed only: no advisories exist for them"
        yield Issue(code=IssueCode.NOT_ANALYSED, message=message, path=application.path, blocking=False)
    elif not source.has_source(ecosystem.source):
        message = f"{count} were not matched: the database has no advisories for `{ecosystem.name}`"
        yield Issue(code=IssueCode.DATABASE_EMPTY, message=message, path=application.path)
