"""Times as Go reads and prints them (checked against `time.Time`'s JSON methods of Go 1.26)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from assaymark.advisories.go_time import format_time, normal_time, parse_time

NORMAL = {
    "2019-09-10T17:15:00Z": "2019-09-10T17:15:00Z",
    "2020-01-01T00:00:00.120Z": "2020-01-01T00:00:00.12Z",
    "2020-01-01T00:00:00.000Z": "2020-01-01T00:00:00Z",
    "2020-01-01T00:00:00.123456789Z": "2020-01-01T00:00:00.123456789Z",
    "2020-01-01T00:00:00.1234567899Z": "2020-01-01T00:00:00.123456789Z",
    "2020-01-01T00:00:00+02:00": "2020-01-01T00:00:00+02:00",
    "2020-01-01T00:00:00+00:00": "2020-01-01T00:00:00Z",
    "2020-01-01T00:00:00-00:00": "2020-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
    "2020-02-29T23:59:59Z": "2020-02-29T23:59:59Z",
    "2020-01-01T00:00:00,5Z": "2020-01-01T00:00:00.5Z",
    "2020-01-01T0:00:00Z": "2020-01-01T00:00:00Z",
}
REFUSED = [
    "",
    "2020-01-01",
    "2020-01-01 00:00:00Z",
    "2020-01-01t00:00:00Z",
    "2020-01-01T00:00:00z",
    "2020-01-01T00:00:00",
    "2020-1-01T00:00:00Z",
    "2020-13-01T00:00:00Z",
    "2021-02-29T00:00:00Z",
    "2020-01-01T24:00:00Z",
    "2020-01-01T00:00:60Z",
    "2020-01-01T00:00:00.Z",
    "2020-01-01T00:00:00+24:00",
    "2020-01-01T00:00:00Z\n",
    "\u0662020-01-01T00:00:00Z",
    "2020-01-01T00:00:00." + "1" * 1_000_000 + "Z",
]


@pytest.mark.parametrize(("text", "printed"), NORMAL.items())
def test_a_time_is_printed_as_go_prints_it(text: str, printed: str) -> None:
    assert normal_time(text) == printed


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_go_does_not_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        normal_time(text)


def test_a_time_is_an_instant() -> None:
    assert parse_time("2020-01-01T02:00:00.5+02:00") == datetime(2020, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)


def test_an_instant_is_printed_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert format_time(datetime(2020, 1, 1, 2, 0, 0, 120_000, tzinfo=east)) == "2020-01-01T00:00:00.12Z"
    assert format_time(datetime(2020, 1, 1, tzinfo=UTC)) == "2020-01-01T00:00:00Z"
