"""Numbers in the reference's machine words."""

from __future__ import annotations

import pytest

from assaymark.limits import DEFAULT_LIMITS
from assaymark.versions.scheme import VersionError
from assaymark.versions.text import (
    GO_SPACES,
    checked,
    checked_constraint,
    find_uint64,
    parse_uint64,
    saturated_int64,
    wrapped_int64,
)


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        pytest.param("0", 0, id="zero"),
        pytest.param("00042", 42, id="leading zeros"),
        pytest.param("18446744073709551615", 2**64 - 1, id="the greatest"),
        pytest.param("18446744073709551616", None, id="one more"),
        pytest.param("9" * 1000, None, id="a thousand digits"),
        pytest.param("0" * 1000 + "7", 7, id="a thousand zeros"),
        pytest.param("", None, id="nothing"),
        pytest.param("1a", None, id="letters"),
        pytest.param("-1", None, id="a sign"),
        pytest.param("٣", None, id="a digit that is not ascii"),
    ],
)
def test_unsigned_numbers(digits: str, number: int | None) -> None:
    assert find_uint64(digits) == number


def test_a_number_beyond_64_bits_is_an_error_where_one_is_needed() -> None:
    assert parse_uint64("12") == 12
    with pytest.raises(VersionError, match="is not a number of 64 bits"):
        parse_uint64("18446744073709551616")


@pytest.mark.parametrize(
    ("digits", "saturated", "wrapped"),
    [
        pytest.param("", 0, 0, id="nothing is zero"),
        pytest.param("007", 7, 7, id="leading zeros"),
        pytest.param("9223372036854775807", 2**63 - 1, 2**63 - 1, id="the greatest"),
        pytest.param("9223372036854775808", 2**63 - 1, -(2**63), id="one more"),
        pytest.param("18446744073709551617", 2**63 - 1, 1, id="beyond the word"),
        pytest.param("99999999999999999999", 2**63 - 1, 7766279631452241919, id="twenty digits"),
    ],
)
def test_signed_numbers(digits: str, saturated: int, wrapped: int) -> None:
    assert (saturated_int64(digits), wrapped_int64(digits)) == (saturated, wrapped)


def test_long_and_exotic_text_is_refused() -> None:
    longest = "1" * DEFAULT_LIMITS.version_chars
    assert checked(longest) == longest
    with pytest.raises(VersionError, match="a version of 1025 characters is too long"):
        checked(longest + "1")
    with pytest.raises(VersionError, match="holds characters"):
        checked("1.0é")
    with pytest.raises(VersionError, match="a constraint of 65537 characters is too long"):
        checked_constraint("<" * (DEFAULT_LIMITS.constraint_chars + 1))


def test_go_takes_these_spaces_away() -> None:
    assert [each for each in map(chr, range(0x3100)) if each.isspace() and each not in GO_SPACES] == list(
        "\x1c\x1d\x1e\x1f"
    )
    assert all(each.isspace() for each in GO_SPACES)
