"""Cargo's version requirements, as the reference reads them to find a manifest's dependencies in the lockfile.

The grammar is https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html:

1. A bare version is a caret requirement: `1.2` is `^1.2`.
2. Versions and bounds are semantic (`assaymark.versions.semver`); operators are those of Bitnami's order.
3. A pre-release satisfies only requirements that have one themselves; a bound with both a pre-release and a wildcard
   is never satisfied. `<1.2` ends at 1.2.0.

This is no order of an ecosystem: advisories about crates are compared by the generic one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from assaymark.versions import generic
from assaymark.versions.parts import compare_prerelease, has_prerelease
from assaymark.versions.scheme import VersionError
from assaymark.versions.semver import Semver, parse_semver
from assaymark.versions.semver_ranges import Groups, Operators, lowest_version, range_operators, range_term, read_groups


def _compare(version: Semver, bound: Semver) -> int:
    return version.compare(bound, compare_prerelease)


def _lowest(bound: Semver) -> Semver:
    """Rule 3: the first version that a bound with wildcards stands for."""
    return lowest_version(bound, bound.tail if has_prerelease(bound.tail) else ())


_OPERATORS: Final[Operators] = range_operators(_compare) | {
    "!=": lambda version, bound: _compare(version, bound) != 0,
    "<": lambda version, bound: _compare(version, _lowest(bound)) < 0,
}
_TERM: Final = range_term(_OPERATORS)


@lru_cache(maxsize=4_096)
def _groups(requirement: str) -> Groups:
    return read_groups(_with_caret(requirement), _TERM)


def _with_caret(requirement: str) -> str:
    """Rule 1."""
    try:
        generic.sort_key(requirement)
    except VersionError:
        return requirement
    return f"^{requirement}"


def satisfies_requirement(version: str, requirement: str) -> bool:
    """Whether a dependency that is required so can be this version.

    Raises:
        VersionError: one of the two cannot be read.
    """
    parsed = parse_semver(version)
    return any(all(_holds(parsed, operator, bound) for operator, bound in group) for group in _groups(requirement))


def _holds(version: Semver, operator: str, bound: Semver) -> bool:
    """Rule 3."""
    if has_prerelease(version.tail) and not has_prerelease(bound.tail):
        return False
    if has_prerelease(bound.tail) and bound.is_wild:
        return False
    return _OPERATORS[operator](version, bound)
