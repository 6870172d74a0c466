"""Results without advisories: what a bill of materials needs of a scan, and all that it may say of one.

Every package is listed, those of distributions too whose advisories nobody knows, which a scan for vulnerabilities
leaves out as the reference does. Nothing is said of ends of life, and no finding can be missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.matching.detect import Detection, application_target, operating_system, system_issues, system_target
from assaymark.matching.selection import MatchOptions, selected
from assaymark.model.inventory import Inventory
from assaymark.model.issue import IssueCode
from assaymark.model.report import Result


def list_packages(inventory: Inventory, *, artifact_name: str, options: MatchOptions) -> Detection:
    """The packages of an inventory, as `detect` lists them.

    Args:
        inventory: what was found in the artifact, sorted.
        artifact_name: stands in the target of the operating system's result.
        options: which packages take part.
    """
    inventory = selected(inventory, options)
    system = operating_system(inventory)
    issues = (
        issue
        for issue in (system_issues(inventory, system, options) if "os" in options.pkg_types else ())
        if system is None or issue.code is IssueCode.OS_NO_PACKAGES  # the others are about advisories
    )
    return Detection(
        os=system, results=tuple(_results(inventory, artifact_name, options.pkg_types)), issues=tuple(issues)
    )


def _results(inventory: Inventory, artifact_name: str, pkg_types: frozenset[str]) -> Iterator[Result]:
    system = operating_system(inventory)
    if system and inventory.packages and "os" in pkg_types:
        target = system_target(artifact_name, system)
        yield Result(target=target, class_="os-pkgs", type=system.family, packages=inventory.packages)
    if "library" in pkg_types:
        listed = (
            Result(
                target=application_target(application),
                class_="lang-pkgs",
                type=application.type,
                packages=application.packages,
            )
            for application in inventory.applications
            if application.packages
        )
        yield from sorted(listed, key=lambda result: result.target)
