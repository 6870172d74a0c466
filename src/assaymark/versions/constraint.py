"""The grammar that the reference's version libraries share for constraints.

    constraint = group *( "||" group )
    group      = *( [operator] version [","] )          ; white space anywhere between

A group holds when all of its terms hold, a constraint when one of its groups does. The reference checks a group with
one regular expression and collects its terms with another, which passes over what it cannot read. So a group that could
be cut into terms in another way is accepted although its longest terms leave a rest: `<1.2.34.5` passes as `<1.2.3` and
`4.5`, and is collected as `<1.2.34` and `5`. Short groups are looked at in the same way here; longer ones are errors.
"""

from __future__ import annotations

import re
from typing import Final

from assaymark.versions.scheme import VersionError
from assaymark.versions.text import checked_constraint

SPACE: Final = r"[\t\n\f\r ]*+"
_ODD_GROUP: Final = 64  # looking for another cut takes quadratic time

Term = re.Match[str]


def term_pattern(operators: tuple[str, ...], version: str) -> re.Pattern[str]:
    """A pattern of one term with the groups `operator` and `version`; the longest operators are tried first."""
    spelled = "|".join(map(re.escape, sorted(operators, key=len, reverse=True)))
    return re.compile(f"(?P<operator>{spelled}){SPACE}(?P<version>{version})")


def read_group(group: str, term: re.Pattern[str], collected: re.Pattern[str] | None = None) -> list[Term]:
    """The terms of one group; none when it is nothing but white space.

    Args:
        group: the text between two `||`.
        term: what a term is.
        collected: how terms are collected, where that differs.

    Raises:
        VersionError: it is not a row of terms.
    """
    terms = _longest_terms(group, term)
    if terms is not None and collected is None:
        return terms
    if terms is None and not _is_row(group, term):
        raise VersionError(f"`{group.strip()[:200]}` is not a constraint")
    return list((collected or term).finditer(group))


def split_groups(constraint: str) -> list[str]:
    """The groups of a constraint.

    Raises:
        VersionError: the constraint is too long.
    """
    return checked_constraint(constraint).split("||")


def _longest_terms(group: str, term: re.Pattern[str]) -> list[Term] | None:
    found: list[Term] = []
    place = _skip(group, 0)
    while place < len(group):
        match = term.match(group, place)
        if match is None:
            return None
        found.append(match)
        place = _skip_comma(group, match.end())
    return found


def _is_row(group: str, term: re.Pattern[str]) -> bool:
    """Whether there is any way to cut the group into terms."""
    if len(group) > _ODD_GROUP:
        return False
    waiting, seen = [_skip(group, 0)], set[int]()
    while waiting:
        start = waiting.pop()
        if start == len(group):
            return True
        longest = None if start in seen else term.match(group, start)
        seen.add(start)
        if longest:
            ends = (end for end in range(start + 1, longest.end() + 3) if term.fullmatch(group, start, end))
            waiting.extend(_skip_comma(group, end) for end in ends)
    return False


def _skip_comma(text: str, place: int) -> int:
    place = _skip(text, place)
    return _skip(text, place + 1) if text.startswith(",", place) else place


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in "\t\n\f\r ":
        place += 1
    return place
