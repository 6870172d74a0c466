"""What npm, Bitnami and Cargo have in common: operators, groups, and the version that a bound stands for."""

from __future__ import annotations

import pytest

from assaymark.versions.parts import ANY, compare_prerelease
from assaymark.versions.scheme import VersionError
from assaymark.versions.semver import Semver, parse_semver
from assaymark.versions.semver_ranges import lowest_version, range_operators, range_term, read_groups

OPERATORS = range_operators(lambda version, bound: version.compare(bound, compare_prerelease))
TERM = range_term(OPERATORS)
LOWER, BOUND, HIGHER = (parse_semver(version) for version in ("1.2.2", "1.2.3", "2.0.0"))


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("", (False, True, False)),
        ("=", (False, True, False)),
        ("==", (False, True, False)),
        (">", (False, False, True)),
        ("<", (True, False, False)),
        (">=", (False, True, True)),
        ("=>", (False, True, True)),
        ("<=", (True, True, False)),
        ("=<", (True, True, False)),
        ("~", (False, True, False)),
        ("^", (False, True, False)),
    ],
)
def test_each_operator_against_a_lower_an_equal_and_a_higher_version(
    operator: str, expected: tuple[bool, bool, bool]
) -> None:
    assert expected == tuple(OPERATORS[operator](version, BOUND) for version in (LOWER, BOUND, HIGHER))


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        pytest.param("1.2.3", ((("", BOUND),),), id="an operator may be absent"),
        pytest.param(
            ">=1.2.2, <2.0.0 || 1.2.3",
            (((">=", LOWER), ("<", HIGHER)), (("", BOUND),)),
            id="groups of terms",
        ),
        pytest.param("~1", ((("~", Semver(1, ANY, ANY)),),), id="missing numbers are wildcards"),
        pytest.param("", ((("", Semver(ANY, ANY, ANY)),),), id="no terms hold for everything"),
    ],
)
def test_groups(constraint: str, expected: object) -> None:
    assert expected == read_groups(constraint, TERM)


@pytest.mark.parametrize("constraint", ["!=1", "1 - 2", "latest", "~>1"])
def test_operators_outside_the_table_are_errors(constraint: str) -> None:
    with pytest.raises(VersionError, match="is not a constraint"):
        read_groups(constraint, TERM)


def test_the_first_version_of_a_bound_has_zeros_for_wildcards() -> None:
    assert Semver(1, 0, 0, ("rc",)) == lowest_version(Semver(1, ANY, ANY), ("rc",))
