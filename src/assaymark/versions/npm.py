"""npm's version order (semver.org 2.0.0) and its ranges, as the reference reads them (`aquasecurity/go-npm-version`).

A version is strict: three numbers without leading zeros, no `v`. The rules:

1. Major, minor and patch compare as numbers, then pre-releases as `assaymark.versions.parts` says; build is ignored.
2. A bound may leave out minor and patch or write `x`, `X` or `*`: the comparison stops there and finds both equal.
3. Ranges know `= == > < >= => <= =< ~ ^`; an absent operator means `=`; an empty group matches everything. Hyphen
   ranges and `!=` are errors.
4. Pre-releases take part everywhere. A bound with a pre-release *and* a wildcard never matches.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from assaymark.versions.parts import compare_prerelease, has_prerelease, prerelease_key
from assaymark.versions.scheme import Ordered, Scheme
from assaymark.versions.semver import Semver, parse_semver
from assaymark.versions.semver_ranges import Groups, Operators, range_operators, range_term, read_groups

_parse = lru_cache(maxsize=16_384)(parse_semver)


def sort_key(version: str) -> Ordered:
    """The key of a version.

    Raises:
        VersionError: not a strict semantic version.
    """
    parsed = _parse(version)
    return (*parsed.number_keys(), prerelease_key(parsed.tail))


def _compare(version: Semver, bound: Semver) -> int:
    return version.compare(bound, compare_prerelease)


_OPERATORS: Final[Operators] = range_operators(_compare)
_TERM: Final = range_term(_OPERATORS)


@lru_cache(maxsize=16_384)
def _groups(constraint: str) -> Groups:
    return read_groups(constraint, _TERM)


def satisfies(version: str, constraint: str) -> bool:
    """Whether the version lies in the range.

    Raises:
        VersionError: one of the two cannot be read.
    """
    parsed = _parse(version)
    return any(all(_holds(parsed, operator, bound) for operator, bound in group) for group in _groups(constraint))


def _holds(version: Semver, operator: str, bound: Semver) -> bool:
    if bound.is_wild and has_prerelease(bound.tail):
        return False
    return _OPERATORS[operator](version, bound)


SCHEME: Final = Scheme(name="npm", ecosystems=("npm",), key=sort_key, satisfies=satisfies)
