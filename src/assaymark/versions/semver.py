"""Semantic versions (semver.org 2.0.0) and bounds with wildcards; npm, Bitnami and Cargo build on them.

Both reference libraries are strict about versions (three numbers without leading zeros, no `v`) and read bounds in one
way: minor and patch may be missing or be written `x`, `X` or `*`. What stands behind the hyphen, a pre-release here and
a revision there, is compared by the order itself. Build metadata is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from assaymark.versions.parts import ANY, Part, PartKey, Parts, compare_part, parse_part, parse_parts, part_key
from assaymark.versions.scheme import VersionError
from assaymark.versions.text import UINT64_MAX, checked, parse_uint64

_NUMBER = r"(?:0|[1-9][0-9]*+)"
_IDENTIFIER = r"(?:[0-9]*+[A-Za-z-][0-9A-Za-z-]*+|0|[1-9][0-9]*+)"
_WHOLE = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*+))?"
    r"(?:\+[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)?"
)
_PLACE = r"[0-9|xX*]++"
BOUND: Final = (
    rf"v?(?P<major>{_PLACE})(?:\.(?P<minor>{_PLACE}))?(?:\.(?P<patch>{_PLACE}))?"
    r"(?:-(?P<tail>[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+))?"
    r"(?:\+[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)?"
)
"""The pattern of a bound, for `read_bound`."""


class Semver(msgspec.Struct, frozen=True):
    """Three numbers, of which a bound may leave any open, and the parts behind the hyphen."""

    major: Part
    minor: Part
    patch: Part
    tail: Parts = ()

    @property
    def is_wild(self) -> bool:
        """Whether one of the three numbers is a wildcard."""
        return self.major is ANY or self.minor is ANY or self.patch is ANY

    def compare(self, other: Semver, compare_tails: Callable[[Parts, Parts], int]) -> int:
        """Negative, zero or positive; the first wildcard ends the comparison and finds both equal."""
        for left, right in ((self.major, other.major), (self.minor, other.minor), (self.patch, other.patch)):
            if left is ANY or right is ANY:
                return 0
            if left != right:
                return compare_part(left, right)
        return compare_tails(self.tail, other.tail)

    def number_keys(self) -> tuple[PartKey, PartKey, PartKey]:
        """The numbers as a sort key."""
        return part_key(self.major), part_key(self.minor), part_key(self.patch)


def parse_semver(version: str) -> Semver:
    """A strict version.

    Raises:
        VersionError: it is none.
    """
    match = _WHOLE.fullmatch(checked(version))
    if match is None:
        raise VersionError(f"`{version}` is not a semantic version")
    major, minor, patch = map(parse_uint64, match.group(1, 2, 3))
    return Semver(major, minor, patch, parse_parts(match[4] or ""))


def read_bound(match: re.Match[str]) -> Semver:
    """What `BOUND` matched."""
    major, minor, patch = (parse_part(place or "*") for place in match.group("major", "minor", "patch"))
    return Semver(major, minor, patch, parse_parts(match["tail"] or ""))


def tilde_bump(bound: Semver) -> Semver:
    """`~1.2.3` and `~1.2` end before 1.3.0, `~1` before 2.0.0."""
    if bound.major is ANY:
        return Semver(UINT64_MAX, bound.minor, bound.patch, bound.tail)
    if bound.minor is ANY:
        return Semver(_next(bound.major), 0, 0)
    return Semver(bound.major, _next(bound.minor), 0)


def caret_bump(bound: Semver) -> Semver:
    """`^1.2.3` ends before 2.0.0, `^0.2.3` before 0.3.0, `^0.0.3` before 0.0.4."""
    if bound.major is ANY:
        return Semver(UINT64_MAX, bound.minor, bound.patch, bound.tail)
    if bound.major != 0 or bound.minor is ANY:
        return Semver(_next(bound.major), 0, 0)
    if bound.minor != 0 or bound.patch is ANY:
        return Semver(bound.major, _next(bound.minor), 0)
    return Semver(bound.major, bound.minor, _next(bound.patch))


def _next(part: Part) -> int:
    if not isinstance(part, int):
        raise VersionError(f"nothing follows `{part}`")
    return (part + 1) & UINT64_MAX
