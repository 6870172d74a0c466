"""The date that replaces the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assaymark.errors import UsageError
from assaymark.model.epoch import find_source_date


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, None, id="not set"),
        pytest.param({"SOURCE_DATE_EPOCH": ""}, None, id="empty"),
        pytest.param({"SOURCE_DATE_EPOCH": "0"}, datetime(1970, 1, 1, tzinfo=UTC), id="the beginning"),
        pytest.param({"SOURCE_DATE_EPOCH": "1763700000"}, datetime(2025, 11, 21, 4, 40, tzinfo=UTC), id="a day"),
    ],
)
def test_dates(environ: dict[str, str], expected: datetime | None) -> None:
    assert find_source_date(environ) == expected


@pytest.mark.parametrize("text", ["now", "-1", "1.5", "²", "9" * 12, " 1"])
def test_what_is_no_number_of_seconds(text: str) -> None:
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        find_source_date({"SOURCE_DATE_EPOCH": text})
