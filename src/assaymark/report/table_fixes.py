"""What to upgrade first: the upgrades that repair most, worst vulnerabilities first.

1. Findings with a fixed version are one upgrade where they are of one package in one place; system packages that were
   built from one source are upgraded together.
2. The version to upgrade to repairs all of them: of each finding's fixed versions the lowest above the installed one,
   of these the greatest. Some publishers write ranges (`>= 2.4.2`), of which the bound counts. Where a version cannot
   be ordered, all of them are told.
3. Versions are ordered as the distribution does, those of languages by the general order.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import msgspec

from assaymark.model.finding import Finding
from assaymark.model.package import LayerRef
from assaymark.model.report import Report, Result
from assaymark.report.wording import SEVERITIES, count_severities
from assaymark.versions.scheme import Scheme, VersionError, load_scheme, schemes

_GENERAL: Final = "generic"
_MOST_VERSIONS: Final = 3
_OPERATORS: Final = "<>=~^ "


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do.

    Attributes:
        name: the source package, or the package.
        packages: what is upgraded, in order of names.
        version: what to upgrade to.
        path: the file that brings the package in; empty for system packages.
        layer: the layer that holds it.
        counts: what is repaired, by severity.
    """

    name: str
    packages: tuple[str, ...]
    installed: str
    version: str
    path: str
    layer: LayerRef
    counts: dict[str, int]


def upgrades(report: Report) -> list[Upgrade]:
    """Every upgrade that repairs something, those first that repair the worst."""
    found = [upgrade for result in report.results for upgrade in _upgrades_of(result)]
    return sorted(found, key=_order)


def _order(upgrade: Upgrade) -> tuple[tuple[int, ...], str, str]:
    return tuple(-upgrade.counts[name] for name in SEVERITIES), upgrade.name, upgrade.path


def _upgrades_of(result: Result) -> Iterator[Upgrade]:
    sources = {package.name: package.src_name for package in result.packages if package.src_name}
    of_system = result.class_ == "os-pkgs"
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in result.vulnerabilities:
        if finding.fixed_version:
            name = sources.get(finding.pkg_name, finding.pkg_name) if of_system else finding.pkg_name
            groups.setdefault((name, finding.installed_version, finding.pkg_path), []).append(finding)
    scheme = _scheme(result.type if of_system else "")
    for (name, installed, path), findings in groups.items():
        yield Upgrade(
            name=name,
            packages=tuple(sorted({finding.pkg_name for finding in findings})),
            installed=installed,
            version=repairing_version(installed, [finding.fixed_version for finding in findings], scheme),
            path="" if of_system else path or result.target,
            layer=findings[0].layer,
            counts=count_severities({each.vulnerability_id: each.severity for each in findings}.values()),
        )


@cache
def _scheme(family: str) -> Scheme:
    named = (scheme for scheme in schemes() if family in scheme.ecosystems) if family else iter(())
    return next(named, None) or load_scheme(_GENERAL)


def repairing_version(installed: str, fixed: list[str], scheme: Scheme) -> str:
    """The version that repairs everything, rule 2; each of `fixed` may name several, one for each line of releases."""
    alternatives = [[version for part in each.split(",") if (version := part.strip(_OPERATORS))] for each in fixed]
    try:
        own = scheme.key(installed)
        lowest = [min(_above(own, each, scheme) or each, key=scheme.key) for each in alternatives if each]
        return max(lowest, key=scheme.key)
    except VersionError:
        every = list(dict.fromkeys(version for each in alternatives for version in each))
        return ", ".join(every[:_MOST_VERSIONS]) + (", …" if len(every) > _MOST_VERSIONS else "")


def _above(own: object, versions: list[str], scheme: Scheme) -> list[str]:
    return [version for version in versions if scheme.key(version) > own]  # type: ignore[operator]  # keys of one scheme
