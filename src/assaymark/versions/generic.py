"""The order of ecosystems whose versions look like semantic versions (`aquasecurity/go-version`).

A version is `v?N(.N)*`, a pre-release behind `-` (the hyphen may be missing before a letter), and build metadata behind
`+`, which is ignored. The rules:

1. Numbers compare one by one; trailing zeros do not count.
2. Pre-releases compare as `assaymark.versions.parts` says; a version without one is greater.
3. Constraints know `= == != > < >= => <= =<`, `~>` (pessimistic), `~` and `^`; an absent operator means `=`.
   A pre-release satisfies `<` its own release: nothing is excluded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec

from assaymark.versions.constraint import read_group, split_groups, term_pattern
from assaymark.versions.parts import Parts, compare_prerelease, parse_parts, prerelease_key
from assaymark.versions.scheme import Ordered, Scheme, VersionError
from assaymark.versions.text import UINT64_MAX, checked, parse_uint64

_DOTTED = r"[0-9A-Za-z~-]*+(?:\.[0-9A-Za-z~-]++)*+"
_VERSION = (
    rf"v?(?P<numbers>[0-9]++(?:\.[0-9]++)*+)"
    rf"(?:-(?P<numeric>[0-9]{_DOTTED})|-?(?P<alphabetic>[A-Za-z~-]{_DOTTED}))?"
    rf"(?:\+[0-9A-Za-z~-]++(?:\.[0-9A-Za-z~-]++)*+)?"
)
_WHOLE = re.compile(_VERSION)


class _Version(msgspec.Struct, frozen=True):
    numbers: tuple[int, ...]
    prerelease: Parts = ()

    def compare(self, other: _Version) -> int:
        """Negative, zero or positive, rules 1 and 2."""
        left, right = _significant(self.numbers), _significant(other.numbers)
        if left != right:
            return -1 if left < right else 1
        return compare_prerelease(self.prerelease, other.prerelease)


def _significant(numbers: tuple[int, ...]) -> tuple[int, ...]:
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return numbers[:end]


@lru_cache(maxsize=16_384)
def _parse(version: str) -> _Version:
    match = _WHOLE.fullmatch(checked(version))
    if match is None:
        raise VersionError(f"`{version}` is not a version")
    return _read(match)


def _read(match: re.Match[str]) -> _Version:
    numbers = tuple(map(parse_uint64, match["numbers"].split(".")))
    return _Version(numbers, parse_parts(match["alphabetic"] or match["numeric"] or ""))


def sort_key(version: str) -> Ordered:
    """The key of a version.

    Raises:
        VersionError: it does not look like a version.
    """
    parsed = _parse(version)
    return (_significant(parsed.numbers), prerelease_key(parsed.prerelease))


def _pessimistic_bump(version: _Version) -> _Version:
    """`~> 1.2.3` ends before 1.3.0 and `~> 1.2` before 2.0; a lone number keeps its pre-release."""
    numbers = version.numbers
    if len(numbers) == 1:
        return _Version((_next(numbers[0]),), version.prerelease)
    return _Version((*numbers[:-2], _next(numbers[-2]), 0))


def _tilde_bump(version: _Version) -> _Version:
    """`~1.2` ends before 1.3; other lengths are pessimistic."""
    if len(version.numbers) == 2:
        return _Version((version.numbers[0], _next(version.numbers[1])), version.prerelease)
    return _pessimistic_bump(version)


def _caret_bump(version: _Version) -> _Version:
    """`^0.2.3` ends before 0.3.0: the first number that is not zero goes up, or the last one."""
    numbers = version.numbers
    place = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    return _Version((*numbers[:place], _next(numbers[place]), *(0 for _ in numbers[place + 1 :])))


def _next(number: int) -> int:
    return (number + 1) & UINT64_MAX


def _range_to(bump: Callable[[_Version], _Version]) -> Callable[[_Version, _Version], bool]:
    return lambda version, bound: version.compare(bound) >= 0 and version.compare(bump(bound)) < 0


_OPERATORS: Final[dict[str, Callable[[_Version, _Version], bool]]] = {
    "": lambda version, bound: version.compare(bound) == 0,
    "=": lambda version, bound: version.compare(bound) == 0,
    "==": lambda version, bound: version.compare(bound) == 0,
    "!=": lambda version, bound: version.compare(bound) != 0,
    ">": lambda version, bound: version.compare(bound) > 0,
    "<": lambda version, bound: version.compare(bound) < 0,
    ">=": lambda version, bound: version.compare(bound) >= 0,
    "=>": lambda version, bound: version.compare(bound) >= 0,
    "<=": lambda version, bound: version.compare(bound) <= 0,
    "=<": lambda version, bound: version.compare(bound) <= 0,
    "~>": _range_to(_pessimistic_bump),
    "~": _range_to(_tilde_bump),
    "^": _range_to(_caret_bump),
}
_FROM: Final = frozenset({">=", "^"})
_TERM = term_pattern(tuple(_OPERATORS), _VERSION)


@lru_cache(maxsize=16_384)
def _groups(constraint: str) -> tuple[tuple[tuple[str, _Version], ...], ...]:
    groups = [read_group(group, _TERM) for group in split_groups(constraint)]
    if not all(groups):
        raise VersionError(f"`{constraint[:200]}` holds an empty constraint")
    return tuple(tuple((term["operator"], _read(term)) for term in group) for group in groups)


def satisfies(version: str, constraint: str) -> bool:
    """Whether the version lies in the constraint.

    Raises:
        VersionError: one of the two cannot be read.
    """
    parsed = _parse(version)
    return any(all(_OPERATORS[operator](parsed, bound) for operator, bound in group) for group in _groups(constraint))


def find_lower_bound(constraint: str) -> str:
    """The version behind the `>=` or `^` with which a constraint begins; empty where it begins otherwise."""
    try:
        first, *_ = [read_group(group, _TERM) for group in split_groups(constraint)]
    except VersionError:
        return ""
    term = first[0] if first else None
    return term["version"].removeprefix("v") if term and term["operator"] in _FROM else ""


SCHEME: Final = Scheme(
    name="generic",
    ecosystems=("cargo", "composer", "go", "nuget", "pub", "erlang", "conan", "swift", "k8s", "julia"),
    key=sort_key,
    satisfies=satisfies,
)
