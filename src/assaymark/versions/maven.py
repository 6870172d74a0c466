"""Maven's version order and its ranges, as the reference reads them (`masahiro331/go-mvn-version`).

The order is Maven's (maven.apache.org/pom.html, "Version Order Specification"), spelled by these rules:

1. Lower-case text is cut at dots, at hyphens, and between digits and letters. Hyphens and transitions begin a list
   inside the list. Trailing zeros and releases (`ga`, `final`, `release`) of every list are dropped.
2. Numbers come after lists, lists after words. Words: alpha (`a` before a digit), beta (`b`), milestone (`m`), `rc` or
   `cr`, snapshot, the release itself, `sp`, and then every other in order of its bytes.
3. What is missing compares like the release: a list is then as great as its first item that is not equal to that.
4. A number beyond 63 bits is the greatest there is. A list that ends in a dot, at the end of the text, is lost.

A constraint is a row of operators (`>=1,<2`) where every group of it can be read so; a bare version is an equality.
Else it is read as Maven's ranges, which stand anywhere in it: `[1,2)`, `(,1]`, `[1.5]`. Of the last, one version in
brackets, the reference drops the last character too: `[1.5]` is equal to `1.`. That is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import Final

from assaymark.versions.constraint import read_group, split_groups, term_pattern
from assaymark.versions.scheme import Ordered, Scheme, VersionError
from assaymark.versions.text import checked, checked_constraint, saturated_int64

_Item = int | str
_Levels = tuple[tuple[_Item, ...], ...]

_TOKEN: Final = re.compile(r"(?P<digits>[0-9]+)|(?P<word>[^0-9.-]+)|(?P<mark>[.-])")
_WORDS: Final = {
    word: str(rank) for rank, word in enumerate(("alpha", "beta", "milestone", "rc", "snapshot", "", "sp"))
}
_ALIASES: Final = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT: Final = {"a": "alpha", "b": "beta", "m": "milestone"}
_RELEASE: Final = _WORDS[""]
_LOWEST: Final = "-----1"
_HIGHEST: Final = "9" * 20


class _Version:
    """The lists of a version, each of which is the last item of the one before it."""

    __slots__ = ("levels",)

    def __init__(self, levels: _Levels) -> None:
        self.levels = levels

    def __lt__(self, other: _Version) -> bool:
        return _compare(self.levels, other.levels) < 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Version) and _compare(self.levels, other.levels) == 0

    def __hash__(self) -> int:
        """Equal versions differ in nothing but empty lists at their end."""
        levels = self.levels
        while levels and not levels[-1]:
            levels = levels[:-1]
        return hash(levels)


def _compare(left: _Levels, right: _Levels) -> int:
    """Negative, zero or positive; without recursion, because every hyphen of a version opens a list."""
    for depth, (mine, others) in enumerate(zip(left, right, strict=False)):
        for one, other in zip(mine, others, strict=False):
            if one != other:
                return _compare_items(one, other)
        result = _compare_ends(left, right, depth)
        if result is not None:
            return result
    return 0


def _compare_ends(left: _Levels, right: _Levels, depth: int) -> int | None:
    """The rests of two lists that begin alike; None where nothing but a list is left of both."""
    mine, others = left[depth], right[depth]
    if len(mine) == len(others):
        if len(left) > depth + 1 and len(right) > depth + 1:
            return None
        return _compare_rest(left, depth, len(mine)) or -_compare_rest(right, depth, len(others))
    if len(mine) > len(others):
        return _compare_longer(left, right, depth)
    return -_compare_longer(right, left, depth)


def _compare_longer(longer: _Levels, shorter: _Levels, depth: int) -> int:
    """A list that has more items against one that has a list in the place of the first of them, or nothing."""
    start = len(shorter[depth])
    if len(shorter) > depth + 1:
        return 1 if isinstance(longer[depth][start], int) else -1  # rule 2
    return _compare_rest(longer, depth, start)


def _compare_rest(levels: _Levels, depth: int, start: int) -> int:
    """Rule 3: what stands from there on, against nothing."""
    for item in chain(levels[depth][start:], *levels[depth + 1 :]):
        if isinstance(item, int):
            if item:
                return 1
        elif item != _RELEASE:
            return 1 if item > _RELEASE else -1
    return 0


def _compare_items(one: _Item, other: _Item) -> int:
    if isinstance(one, int):
        return 1 if isinstance(other, str) or one > other else -1
    return 1 if isinstance(other, str) and one > other else -1


@lru_cache(maxsize=16_384)
def _parse(version: str) -> _Version:
    """Rule 1."""
    levels: list[list[_Item]] = [[]]
    before = ""  # the kind of what stands directly in front
    text = checked(version).lower()
    for token in _TOKEN.finditer(text):
        kind, value = str(token.lastgroup), token[0]
        if kind == "mark":
            if before in ("", "mark"):
                levels[-1].append(0)
            if value == "-":
                levels.append([])
        else:
            if before in ("digits", "word"):
                levels.append([])
            is_short = kind == "word" and text[token.end() : token.end() + 1].isdecimal()
            levels[-1].append(_number(value) if kind == "digits" else _word(value, before_digit=is_short))
        before = kind
    if len(levels) > 1 and before == "mark":
        levels.pop()
    return _Version(tuple(_trimmed(level) for level in levels))


def _number(digits: str) -> int:
    return saturated_int64(digits)


def _word(word: str, *, before_digit: bool) -> str:
    """A word as a text that compares as rule 2 says."""
    name = _SHORT.get(word, word) if before_digit else word
    name = _ALIASES.get(name, name)
    return _WORDS.get(name) or f"{len(_WORDS)}-{name}"


def _trimmed(level: list[_Item]) -> tuple[_Item, ...]:
    while level and level[-1] in (0, _RELEASE):
        level.pop()
    return tuple(level)


def sort_key(version: str) -> Ordered:
    """The key of a version; almost every text is one.

    Raises:
        VersionError: too long, or not ASCII.
    """
    return _parse(version)


_Test = Callable[[int], bool]

_OPERATORS: Final[dict[str, _Test]] = {
    "": lambda order: order == 0,
    "=": lambda order: order == 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">": lambda order: order > 0,
    "<": lambda order: order < 0,
    ">=": lambda order: order >= 0,
    "=>": lambda order: order >= 0,
    "<=": lambda order: order <= 0,
    "=<": lambda order: order <= 0,
}
_OPENING: Final = {"[": _OPERATORS[">="], "(": _OPERATORS[">"]}
_CLOSING: Final = {"]": _OPERATORS["<="], ")": _OPERATORS["<"]}
_TERM: Final = term_pattern(tuple(_OPERATORS), r"[0-9A-Za-z~_.+-]++")
_RANGE: Final = re.compile(r"[\[(][0-9A-Za-z.,-]+[\])]")

_Group = tuple[tuple[_Test, _Version], ...]


@lru_cache(maxsize=16_384)
def _groups(constraint: str) -> tuple[_Group, ...]:
    try:
        groups = [read_group(group, _TERM) for group in split_groups(constraint)]
    except VersionError:
        return _ranges(constraint)
    if not all(groups):
        return _ranges(constraint)
    return tuple(tuple((_OPERATORS[term["operator"]], _parse(term["version"])) for term in group) for group in groups)


def _ranges(constraint: str) -> tuple[_Group, ...]:
    """Every range that stands in the text."""
    found = _RANGE.findall("".join(checked_constraint(constraint).split()))
    if not found:
        raise VersionError(f"`{constraint[:200]}` is not a constraint")
    return tuple(map(_range, found))


def _range(text: str) -> _Group:
    lower, comma, upper = text[1:-1].partition(",")
    if not comma:
        return ((_OPERATORS["="], _parse(lower[:-1])),)
    if "," in upper:
        raise VersionError(f"`{text[:200]}` has more than two ends")
    return (
        (_OPENING[text[0]], _parse(lower or _LOWEST)),
        (_CLOSING[text[-1]], _parse(upper or _HIGHEST)),
    )


def satisfies(version: str, constraint: str) -> bool:
    """Whether the version lies in the constraint.

    Raises:
        VersionError: one of the two cannot be read.
    """
    levels = _parse(version).levels
    return any(all(test(_compare(levels, bound.levels)) for test, bound in group) for group in _groups(constraint))


SCHEME: Final = Scheme(name="maven", ecosystems=("maven",), key=sort_key, satisfies=satisfies)
