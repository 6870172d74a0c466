"""npm's version order (semver.org 2.0.0) and its ranges, as the reference reads them (`aquasecurity/go-npm-version`).

A version is strict: three numbers without leading zeros, no `v`. The rules:

1. Major, minor and patch compare as numbers, then pre-releases as `assaymark.versions.parts` says; build is ignored.
2. A bound may leave out minor and patch or write `x`, `X` or `*`: the comparison stops there and finds both equal.
3. Ranges know `= == > < >= => <= =< ~ ^`; an absent operator means `=`; an empty group matches everything. Hyphen
   ranges and `!=` are errors.
4. Pre-releases take part everywhere. A bound with a pre-release *and* a wildcard never matches.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec

from assaymark.versions.constraint import read_group, split_groups, term_pattern
from assaymark.versions.parts import (
    ANY,
    Part,
    Parts,
    compare_part,
    compare_prerelease,
    has_prerelease,
    parse_part,
    parse_parts,
    part_key,
    prerelease_key,
)
from assaymark.versions.scheme import Ordered, Scheme, VersionError
from assaymark.versions.text import UINT64_MAX, checked, parse_uint64

_NUMBER = r"(?:0|[1-9][0-9]*+)"
_IDENTIFIER = r"(?:[0-9]*+[A-Za-z-][0-9A-Za-z-]*+|0|[1-9][0-9]*+)"
_WHOLE = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*+))?"
    r"(?:\+[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)?"
)
_PLACE = r"[0-9|xX*]++"
_BOUND = (
    rf"v?(?P<major>{_PLACE})(?:\.(?P<minor>{_PLACE}))?(?:\.(?P<patch>{_PLACE}))?"
    r"(?:-(?P<prerelease>[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+))?"
    r"(?:\+[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)?"
)


class _Version(msgspec.Struct, frozen=True):
    major: Part
    minor: Part
    patch: Part
    prerelease: Parts = ()

    @property
    def is_wild(self) -> bool:
        """Whether one of the three numbers is a wildcard."""
        return self.major is ANY or self.minor is ANY or self.patch is ANY

    def compare(self, other: _Version) -> int:
        """Negative, zero or positive, rules 1 and 2."""
        for left, right in ((self.major, other.major), (self.minor, other.minor), (self.patch, other.patch)):
            if left is ANY or right is ANY:
                return 0
            if left != right:
                return compare_part(left, right)
        return compare_prerelease(self.prerelease, other.prerelease)


@lru_cache(maxsize=16_384)
def _parse(version: str) -> _Version:
    match = _WHOLE.fullmatch(checked(version))
    if match is None:
        raise VersionError(f"`{version}` is not a semantic version")
    major, minor, patch = map(parse_uint64, match.group(1, 2, 3))
    return _Version(major, minor, patch, parse_parts(match[4] or ""))


def sort_key(version: str) -> Ordered:
    """The key of a version.

    Raises:
        VersionError: not a strict semantic version.
    """
    parsed = _parse(version)
    return (part_key(parsed.major), part_key(parsed.minor), part_key(parsed.patch), prerelease_key(parsed.prerelease))


def _tilde_bump(bound: _Version) -> _Version:
    """`~1.2.3` and `~1.2` end before 1.3.0, `~1` before 2.0.0."""
    if bound.major is ANY:
        return _Version(UINT64_MAX, bound.minor, bound.patch, bound.prerelease)
    if bound.minor is ANY:
        return _Version(_next(bound.major), 0, 0)
    return _Version(bound.major, _next(bound.minor), 0)


def _caret_bump(bound: _Version) -> _Version:
    """`^1.2.3` ends before 2.0.0, `^0.2.3` before 0.3.0, `^0.0.3` before 0.0.4."""
    if bound.major is ANY:
        return _Version(UINT64_MAX, bound.minor, bound.patch, bound.prerelease)
    if bound.major != 0 or bound.minor is ANY:
        return _Version(_next(bound.major), 0, 0)
    if bound.minor != 0 or bound.patch is ANY:
        return _Version(bound.major, _next(bound.minor), 0)
    return _Version(bound.major, bound.minor, _next(bound.patch))


def _next(part: Part) -> int:
    if not isinstance(part, int):
        raise VersionError(f"nothing follows `{part}`")
    return (part + 1) & UINT64_MAX


def _range_to(bump: Callable[[_Version], _Version]) -> Callable[[_Version, _Version], bool]:
    return lambda version, bound: version.compare(bound) >= 0 and version.compare(bump(bound)) < 0


_OPERATORS: Final[dict[str, Callable[[_Version, _Version], bool]]] = {
    "": lambda version, bound: version.compare(bound) == 0,
    "=": lambda version, bound: version.compare(bound) == 0,
    "==": lambda version, bound: version.compare(bound) == 0,
    ">": lambda version, bound: version.compare(bound) > 0,
    "<": lambda version, bound: version.compare(bound) < 0,
    ">=": lambda version, bound: version.compare(bound) >= 0,
    "=>": lambda version, bound: version.compare(bound) >= 0,
    "<=": lambda version, bound: version.compare(bound) <= 0,
    "=<": lambda version, bound: version.compare(bound) <= 0,
    "~": _range_to(_tilde_bump),
    "^": _range_to(_caret_bump),
}
_TERM = term_pattern(tuple(_OPERATORS), _BOUND)
_EVERYTHING: Final = ("", _Version(ANY, ANY, ANY))


def _read(term: re.Match[str]) -> tuple[str, _Version]:
    major, minor, patch = (parse_part(place or "*") for place in term.group("major", "minor", "patch"))
    return term["operator"], _Version(major, minor, patch, parse_parts(term["prerelease"] or ""))


@lru_cache(maxsize=16_384)
def _groups(constraint: str) -> tuple[tuple[tuple[str, _Version], ...], ...]:
    groups = (read_group(group, _TERM) for group in split_groups(constraint))
    return tuple(tuple(map(_read, group)) or (_EVERYTHING,) for group in groups)


def satisfies(version: str, constraint: str) -> bool:
    """Whether the version lies in the range.

    Raises:
        VersionError: one of the two cannot be read.
    """
    parsed = _parse(version)
    return any(all(_holds(parsed, operator, bound) for operator, bound in group) for group in _groups(constraint))


def _holds(version: _Version, operator: str, bound: _Version) -> bool:
    if bound.is_wild and has_prerelease(bound.prerelease):
        return False
    return _OPERATORS[operator](version, bound)


SCHEME: Final = Scheme(name="npm", ecosystems=("npm",), key=sort_key, satisfies=satisfies)
