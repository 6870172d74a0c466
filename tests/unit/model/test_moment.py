from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from assaymark.model.moment import parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-08-13T06:12:01Z", datetime(2026, 8, 13, 6, 12, 1, tzinfo=UTC)),
        ("2026-08-13T06:12:01.5Z", datetime(2026, 8, 13, 6, 12, 1, 500000, tzinfo=UTC)),
        ("2026-08-13T06:12:01.123456789Z", datetime(2026, 8, 13, 6, 12, 1, 123456, tzinfo=UTC)),
        ("2026-08-13T06:12:01.12+02:00", datetime(2026, 8, 13, 6, 12, 1, 120000, tzinfo=timezone(timedelta(hours=2)))),
        ("2026-08-13", datetime(2026, 8, 13, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    assert moment == parse_time(text)
