"""Sizes: what users write, what they read, and where an image becomes too large."""

from __future__ import annotations

import pytest

from assaymark.artifact.size import SizeBudget, parse_size, size_text
from assaymark.errors import LimitError, UsageError

SIZES = [
    pytest.param("300", 300, id="bytes"),
    pytest.param("10GB", 10_000_000_000, id="decimal units"),
    pytest.param("1.5 g", 1_500_000_000, id="a fraction, a blank and a short unit"),
    pytest.param("2KiB", 2_000, id="binary spelling means decimal, as with docker"),
    pytest.param("0", 0, id="nothing"),
]


@pytest.mark.parametrize(("text", "expected"), SIZES)
def test_sizes_are_read(text: str, expected: int) -> None:
    assert expected == parse_size(text)


@pytest.mark.parametrize("text", ["", "GB", "-1", "1XB", "1e3", "1GBs", "1 0"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "expected"), [(0, "0B"), (999, "999B"), (5_843_968, "5.84MB"), (3_000_000, "3MB"), (10**18 * 5, "5EB")]
)
def test_sizes_are_written(size: int, expected: str) -> None:
    assert expected == size_text(size, 3)


def test_a_budget_ends_where_the_sum_is_too_large() -> None:
    budget = SizeBudget(3_000_000, what="uncompressed layers")
    budget.add(3_000_000)
    with pytest.raises(LimitError) as caught:
        budget.add(2_800_000)
    assert str(caught.value) == "uncompressed layers size 5.8MB exceeds maximum allowed size 3MB"


def test_no_maximum_allows_any_size() -> None:
    SizeBudget(0, what="compressed image").add(10**18)
