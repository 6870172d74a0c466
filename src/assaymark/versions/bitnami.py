"""Bitnami's version order: semantic versions whose tail is a revision (`bitnami/go-version`).

A version is strict: three numbers without leading zeros, no `v`. The rules:

1. Major, minor and patch compare as numbers. `1.2.3-4` is the fourth packaging of 1.2.3 and comes *after* 1.2.3.
2. Two revisions compare part by part: numbers as numbers and before text, and the shorter of two that begin alike is
   lower. A revision that holds a wildcard counts as none.
3. A bound may leave out minor and patch or write `x`, `X` or `*`: the comparison stops there and finds both equal; only
   `<` compares with the lowest version that fits.
4. Constraints know `= == != > < >= => <= =< ~ ^`; an absent operator means `=`; an empty group matches everything.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from assaymark.versions.parts import ANY, Parts, part_key
from assaymark.versions.scheme import Ordered, Scheme
from assaymark.versions.semver import Semver, parse_semver
from assaymark.versions.semver_ranges import Groups, Operators, lowest_version, range_operators, range_term, read_groups

_parse = lru_cache(maxsize=16_384)(parse_semver)


def sort_key(version: str) -> Ordered:
    """The key of a version.

    Raises:
        VersionError: not a strict semantic version.
    """
    parsed = _parse(version)
    return (*parsed.number_keys(), tuple(map(part_key, _revision(parsed.tail))))


def _revision(tail: Parts) -> Parts:
    """Rule 2."""
    return () if ANY in tail else tail


def _compare_revisions(left: Parts, right: Parts) -> int:
    first, second = tuple(map(part_key, _revision(left))), tuple(map(part_key, _revision(right)))
    return (first > second) - (first < second)


def _compare(version: Semver, bound: Semver) -> int:
    return version.compare(bound, _compare_revisions)


def _lowest(bound: Semver) -> Semver:
    """Rule 3: `1.2` is 1.2.0, without a revision unless the bound has one."""
    return lowest_version(bound, _revision(bound.tail))


_OPERATORS: Final[Operators] = range_operators(_compare) | {
    "!=": lambda version, bound: _compare(version, bound) != 0,
    "<": lambda version, bound: _compare(version, _lowest(bound)) < 0,
}
_TERM: Final = range_term(_OPERATORS)


@lru_cache(maxsize=16_384)
def _groups(constraint: str) -> Groups:
    return read_groups(constraint, _TERM)


def satisfies(version: str, constraint: str) -> bool:
    """Whether the version lies in the constraint.

    Raises:
        VersionError: one of the two cannot be read.
    """
    parsed = _parse(version)
    return any(all(_OPERATORS[operator](parsed, bound) for operator, bound in group) for group in _groups(constraint))


SCHEME: Final = Scheme(name="bitnami", ecosystems=("bitnami",), key=sort_key, satisfies=satisfies)
