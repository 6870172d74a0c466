"""The time of creation."""

from __future__ import annotations

import pytest

from assaymark.attest.clock import creation_time
from assaymark.errors import UsageError


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "2026-01-02T03:04:05Z"),
        ({"SOURCE_DATE_EPOCH": ""}, "2026-01-02T03:04:05Z"),
        ({"SOURCE_DATE_EPOCH": "0"}, "1970-01-01T00:00:00Z"),
    ],
    ids=["the clock", "an empty variable", "the variable"],
)
def test_the_variable_takes_the_place_of_the_clock(environment: dict[str, str], expected: str) -> None:
    assert creation_time(environment, lambda: 1767323045.9) == expected


@pytest.mark.parametrize("text", ["yesterday", "-1", "1.5", "9" * 12])
def test_what_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        creation_time({"SOURCE_DATE_EPOCH": text}, lambda: 0.0)
