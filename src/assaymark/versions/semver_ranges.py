"""Ranges of semantic versions: the operators and the groups of terms that npm, Bitnami and Cargo have in common.

What an operator means is built on the order's own comparison of a version with a bound. What an order has besides, or
reads in another way, it puts into the table, and the grammar follows the table. The rules:

1. An absent operator means `=`; `==` is `=`, `=>` is `>=` and `=<` is `<=`.
2. `~` and `^` reach from the bound to its bump, which lies outside.
3. A group without terms holds for every version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from assaymark.versions.constraint import read_group, split_groups, term_pattern
from assaymark.versions.parts import ANY, Part, Parts
from assaymark.versions.semver import BOUND, Semver, caret_bump, read_bound, tilde_bump

Operators = dict[str, Callable[[Semver, Semver], bool]]
"""Whether a version (the first) stands to a bound as an operator says."""
Groups = tuple[tuple[tuple[str, Semver], ...], ...]
"""A constraint: one of its groups must hold, and with it all of its terms, each an operator and a bound."""

_EVERYTHING: Final = ("", Semver(ANY, ANY, ANY))


def range_operators(compare: Callable[[Semver, Semver], int]) -> Operators:
    """Rules 1 and 2, where `compare` is negative, zero or positive for a version and a bound."""

    def range_to(bump: Callable[[Semver], Semver]) -> Callable[[Semver, Semver], bool]:
        return lambda version, bound: compare(version, bound) >= 0 and compare(version, bump(bound)) < 0

    return {
        "": lambda version, bound: compare(version, bound) == 0,
        "=": lambda version, bound: compare(version, bound) == 0,
        "==": lambda version, bound: compare(version, bound) == 0,
        ">": lambda version, bound: compare(version, bound) > 0,
        "<": lambda version, bound: compare(version, bound) < 0,
        ">=": lambda version, bound: compare(version, bound) >= 0,
        "=>": lambda version, bound: compare(version, bound) >= 0,
        "<=": lambda version, bound: compare(version, bound) <= 0,
        "=<": lambda version, bound: compare(version, bound) <= 0,
        "~": range_to(tilde_bump),
        "^": range_to(caret_bump),
    }


def range_term(operators: Iterable[str]) -> re.Pattern[str]:
    """What a term with one of these operators looks like, for `read_groups`."""
    return term_pattern(tuple(operators), BOUND)


def read_groups(constraint: str, term: re.Pattern[str]) -> Groups:
    """The groups of a constraint, rule 3.

    Raises:
        VersionError: it is not made of such terms, or too long.
    """
    groups = (read_group(group, term) for group in split_groups(constraint))
    return tuple(tuple((each["operator"], read_bound(each)) for each in group) or (_EVERYTHING,) for group in groups)


def lowest_version(bound: Semver, tail: Parts) -> Semver:
    """The first version that a bound with wildcards stands for: `1.2` is 1.2.0; what follows the hyphen is given."""
    return Semver(_or_zero(bound.major), _or_zero(bound.minor), _or_zero(bound.patch), tail)


def _or_zero(part: Part) -> Part:
    return 0 if part is ANY else part
