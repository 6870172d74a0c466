"""The order of Ruby gems as the reference reads it (`aquasecurity/go-gem-version`), which CocoaPods shares.

Close to `Gem::Version` (https://docs.ruby-lang.org/en/master/Gem/Version.html), but for rule 1's letters. The rules:

1. A version is cut into segments, numbers and *single letters*: `rc10` is `r`, `c`, `10`. A hyphen reads as `.pre.`;
   an empty version is `0`. A number beyond 64 bits is text.
2. The numbers in front of the first text lose their trailing zeros, and so does the rest.
3. Segments compare one by one, the shorter version padded with zeros: text before numbers, text bytewise.
4. Constraints know `= == != > < >= => <= =<` and `~>`; an absent operator means `=`. `~> 1.2.3` ends before 1.3 and
   `~> 1` before 2, for which the numbers in front of the first text count. Nothing is excluded otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec

from assaymark.versions.constraint import read_group, split_groups, term_pattern
from assaymark.versions.scheme import Ordered, Scheme, VersionError
from assaymark.versions.text import UINT64_MAX, checked, find_uint64

_VERSION = r"[0-9]++(?:\.[0-9a-zA-Z]++)*+(?:-[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)?"
_WHOLE = re.compile(_VERSION)
_SEGMENT = re.compile(r"[0-9]+|[a-zA-Z]")
_BLANKS: Final = "\t\n\f\r "

_Segment = tuple[int, int, str]
_ZERO: Final[_Segment] = (1, 0, "")


class _Order(msgspec.Struct, frozen=True):
    """Rule 3 as a key."""

    segments: tuple[_Segment, ...]

    def __lt__(self, other: _Order) -> bool:
        return self._padded(other) < other._padded(self)

    def _padded(self, other: _Order) -> tuple[_Segment, ...]:
        return self.segments + (_ZERO,) * (len(other.segments) - len(self.segments))


class _Version(msgspec.Struct, frozen=True):
    numbers: tuple[_Segment, ...]
    rest: tuple[_Segment, ...] = ()

    @property
    def order(self) -> _Order:
        return _Order(_significant(self.numbers) + _significant(self.rest))

    @property
    def release(self) -> _Order:
        return _Order(_significant(self.numbers))

    @property
    def bump(self) -> _Order:
        """Where `~>` ends: the last number but one is raised, or the only one."""
        if not self.numbers:
            raise VersionError("nothing follows a version without a number")
        *kept, (_, number, _) = self.numbers[: max(len(self.numbers) - 1, 1)]
        return _Order(_significant((*kept, (1, (number + 1) & UINT64_MAX, ""))))


def _significant(segments: tuple[_Segment, ...]) -> tuple[_Segment, ...]:
    end = len(segments)
    while end and segments[end - 1] == _ZERO:
        end -= 1
    return segments[:end]


@lru_cache(maxsize=16_384)
def _parse(version: str) -> _Version:
    text = checked(version).strip(_BLANKS) or "0"
    if not _WHOLE.fullmatch(text):
        raise VersionError(f"`{version}` is not a version of a gem")
    segments = tuple(map(_segment, _SEGMENT.findall(text.replace("-", ".pre."))))
    count = next((place for place, (kind, _, _) in enumerate(segments) if not kind), len(segments))
    return _Version(segments[:count], segments[count:])


def _segment(text: str) -> _Segment:
    number = find_uint64(text)
    return (0, 0, text) if number is None else (1, number, "")


def sort_key(version: str) -> Ordered:
    """The key of a version.

    Raises:
        VersionError: it does not look like a version of a gem.
    """
    return _parse(version).order


_OPERATORS: Final[dict[str, Callable[[_Version, _Version], bool]]] = {
    "": lambda version, bound: version.order == bound.order,
    "=": lambda version, bound: version.order == bound.order,
    "==": lambda version, bound: version.order == bound.order,
    "!=": lambda version, bound: version.order != bound.order,
    ">": lambda version, bound: bound.order < version.order,
    "<": lambda version, bound: version.order < bound.order,
    ">=": lambda version, bound: not version.order < bound.order,
    "=>": lambda version, bound: not version.order < bound.order,
    "<=": lambda version, bound: not bound.order < version.order,
    "=<": lambda version, bound: not bound.order < version.order,
    "~>": lambda version, bound: not version.order < bound.order and version.release < bound.bump,
}
_TERM = term_pattern(tuple(_OPERATORS), _VERSION)


@lru_cache(maxsize=16_384)
def _groups(constraint: str) -> tuple[tuple[tuple[str, _Version], ...], ...]:
    groups = [read_group(group, _TERM) for group in split_groups(constraint)]
    if not all(groups):
        raise VersionError(f"`{constraint[:200]}` holds an empty constraint")
    return tuple(tuple((term["operator"], _parse(term["version"])) for term in group) for group in groups)


def satisfies(version: str, constraint: str) -> bool:
    """Whether the version lies in the constraint.

    Raises:
        VersionError: one of the two cannot be read.
    """
    parsed = _parse(version)
    return any(all(_OPERATORS[operator](parsed, bound) for operator, bound in group) for group in _groups(constraint))


SCHEME: Final = Scheme(name="rubygems", ecosystems=("rubygems", "cocoapods"), key=sort_key, satisfies=satisfies)
