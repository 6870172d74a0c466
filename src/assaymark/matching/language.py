"""Language packages: which advisories speak of them, and what their ranges say.

`data/ecosystems.txt` joins application types to ecosystems. The rules for one advisory:

1. An empty range among the vulnerable or patched ones: vulnerable, nothing is known about the range.
2. With vulnerable ranges, a version outside of them is not vulnerable.
3. With patched or unaffected ranges, a version inside of them is not vulnerable. Without any range at all neither.
4. What cannot be read is noted; the reference's outcome, not vulnerable, stays.

The fixed version is every patched range, or else the bounds of `<` in the vulnerable ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from assaymark.matching.doubts import Doubts
from assaymark.matching.driver import Match
from assaymark.model.advisory import Advisory, AdvisorySource
from assaymark.model.inventory import Application
from assaymark.versions.scheme import Scheme, VersionError, schemes

_NAMES: Final[dict[str, Callable[[str], str]]] = {
    "same": lambda name: name,
    "lower": str.lower,
    "pypi": lambda name: name.lower().replace("_", "-"),
    "swift": lambda name: name.removeprefix("https://").removesuffix(".git"),
}


class Ecosystem(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table."""

    name: str
    scheme: str
    spelling: str
    types: tuple[str, ...]

    @property
    def source(self) -> str:
        """The prefix of its advisory sources."""
        return f"{self.name}::"


def find_ecosystem(application_type: str) -> Ecosystem | None:
    """The ecosystem of an application type; None where no advisories exist for it.

    A type that the table does not have is an ecosystem of its own when a version order names it: a new analyser and its
    order need no row here.
    """
    return _table().get(application_type) or _named_by_scheme(application_type)


@cache
def _named_by_scheme(name: str) -> Ecosystem | None:
    for scheme in schemes():
        if name in scheme.ecosystems and scheme.satisfies is not None:
            return Ecosystem(name=name, scheme=scheme.name, spelling="same", types=(name,))
    return None


@cache
def _table() -> dict[str, Ecosystem]:
    lines = Path(__file__).with_name("data").joinpath("ecosystems.txt").read_text(encoding="ascii").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    ecosystems = [
        Ecosystem(name=name, scheme=scheme, spelling=spelling, types=tuple(types))
        for name, scheme, spelling, *types in rows
    ]
    return {each: ecosystem for ecosystem in ecosystems for each in ecosystem.types}


def spelled(name: str, ecosystem: Ecosystem) -> str:
    """A package's name as the database writes it."""
    return _NAMES[ecosystem.spelling](name)


def match_application(
    application: Application, ecosystem: Ecosystem, scheme: Scheme, *, source: AdvisorySource, doubts: Doubts
) -> Iterator[Match]:
    """The vulnerable packages of one application."""
    for package in application.packages:
        advisories = source.advisories(ecosystem.source, spelled(package.name, ecosystem))
        if advisories and not package.version:
            doubts.version(package.name, "")
            continue
        for advisory in advisories:
            if _judge(package.name, package.version, advisory, scheme=scheme, doubts=doubts):
                yield Match(
                    package=package,
                    advisory=advisory,
                    installed=package.version,
                    fixed=fixed_versions(advisory),
                    path=package.file_path,
                    vendor_ids=advisory.vendor_ids,
                )


def _judge(name: str, version: str, advisory: Advisory, *, scheme: Scheme, doubts: Doubts) -> bool:
    """Rule 4 around the other three."""
    try:
        return is_vulnerable(version, advisory, scheme=scheme)
    except VersionError:
        try:
            scheme.key(version)
        except VersionError:
            doubts.version(name, version)
        else:
            ranges = (*advisory.vulnerable_versions, *advisory.patched_versions, *advisory.unaffected_versions)
            doubts.constraint(advisory.vulnerability_id, " || ".join(ranges))
        return False


def is_vulnerable(version: str, advisory: Advisory, *, scheme: Scheme) -> bool:
    """What rules 1 to 3 say.

    Raises:
        VersionError: the version or a range cannot be read.
    """
    if scheme.satisfies is None:
        raise VersionError(f"the order `{scheme.name}` knows no ranges")
    if "" in advisory.vulnerable_versions or "" in advisory.patched_versions:
        return True
    matched = False
    if advisory.vulnerable_versions:
        matched = scheme.satisfies(version, " || ".join(advisory.vulnerable_versions))
        if not matched:
            return False
    secure = (*advisory.patched_versions, *advisory.unaffected_versions)
    if not secure:
        return matched
    return not scheme.satisfies(version, " || ".join(secure))


def fixed_versions(advisory: Advisory) -> str:
    """The fixed versions as a finding prints them, each once."""
    if advisory.patched_versions:
        return ", ".join(dict.fromkeys(advisory.patched_versions))
    parts = (part.strip() for versions in advisory.vulnerable_versions for part in versions.split(","))
    bounds = (part.removeprefix("<").strip() for part in parts if part.startswith("<") and not part.startswith("<="))
    return ", ".join(dict.fromkeys(bounds))
