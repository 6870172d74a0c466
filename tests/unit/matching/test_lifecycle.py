"""When releases end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assaymark.matching.lifecycle import find_end_of_life, is_end_of_life


@pytest.mark.parametrize(
    ("family", "release", "today", "expected"),
    [
        pytest.param("alpine", "3.10", "2021-05-01T23:59:58", False, id="the last second but one"),
        pytest.param("alpine", "3.10", "2021-05-01T23:59:59", True, id="the last second"),
        pytest.param("alpine", "edge", "2999-01-01T00:00:00", False, id="edge never ends"),
        pytest.param("alpine", "9.99", "2999-01-01T00:00:00", False, id="a release that is not listed"),
        pytest.param("wolfi", "", "2999-01-01T00:00:00", False, id="a family that is not listed"),
        pytest.param("ubuntu", "18.04-ESM", "2026-11-21T00:00:00", False, id="extended maintenance"),
    ],
)
def test_ends_of_life(family: str, release: str, today: str, expected: bool) -> None:
    assert is_end_of_life(family, release, datetime.fromisoformat(today).replace(tzinfo=UTC)) == expected


def test_the_table_gives_the_moment() -> None:
    assert find_end_of_life("debian", "11") == datetime(2026, 8, 14, 23, 59, 59, tzinfo=UTC)
