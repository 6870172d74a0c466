from __future__ import annotations

import pytest

from assaymark.report.wording import (
    Paint,
    amount,
    count_severities,
    day_and_time,
    days_between,
    duration,
    kind_of,
    rank,
    utc_seconds,
)


@pytest.mark.parametrize(
    ("earlier", "later", "days"),
    [
        ("2026-08-13T06:00:00Z", "2026-08-15T05:59:59Z", 1),
        ("2026-08-15T06:00:00Z", "2026-08-13T06:00:00Z", 0),
        ("", "2026-08-13T06:00:00Z", None),
        ("2026-08-13T06:00:00Z", "x", None),
    ],
    ids=["whole days only", "never less than none", "unknown beginning", "unknown end"],
)
def test_days_between_two_moments(earlier: str, later: str, days: int | None) -> None:
    assert days == days_between(earlier, later)


def test_moments_and_durations_for_people() -> None:
    assert day_and_time("2026-08-13T06:12:01.9+02:00") == "2026-08-13 04:12:01 UTC"
    assert day_and_time("some day") == "some day"
    assert duration("2026-08-13T06:12:01Z", "2026-08-13T06:12:02.25Z") == "1.2 s"
    assert duration("", "2026-08-13T06:12:02.25Z") == ""


def test_severities_are_counted_worst_first_and_strange_ones_are_unknown() -> None:
    counted = count_severities(["LOW", "CRITICAL", "LOW", "NEGLIGIBLE"])
    assert list(counted.items()) == [("CRITICAL", 1), ("HIGH", 0), ("MEDIUM", 0), ("LOW", 2), ("UNKNOWN", 1)]
    assert [rank("CRITICAL"), rank("UNKNOWN"), rank("x")] == [0, 4, 4]


def test_counts_and_kinds_for_people() -> None:
    assert [
        amount(1, "day"),
        amount(0, "day"),
        amount(2, "vulnerability", "vulnerabilities"),
    ] == ["1 day", "0 days", "2 vulnerabilities"]
    assert [kind_of("filesystem"), kind_of("vm")] == ["file system", "vm"]


def test_paint_is_only_applied_where_colour_is_welcome() -> None:
    assert Paint(colour=True).severity("HIGH", "HIGH") == "\x1b[31mHIGH\x1b[0m"
    assert Paint(colour=True).severity("strange", "x") == "\x1b[36mx\x1b[0m"
    assert Paint(colour=False).severity("HIGH", "HIGH") == "HIGH"
    assert Paint(colour=True).style("bold", "") == ""


def test_moments_without_a_zone_are_in_utc() -> None:
    assert utc_seconds("2026-08-13T06:12:01.9+02:00") == "2026-08-13T04:12:01"
    assert utc_seconds("yesterday") == "1970-01-01T00:00:00"
