"""When releases end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assaymark.matching.lifecycle import find_end_of_life, is_end_of_life, listed_releases


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


def test_the_table_lists_releases_in_their_order() -> None:
    assert (listed_releases("centos"), listed_releases("fedora")) == (("3", "4", "5", "6", "7", "8"), ())


@pytest.mark.parametrize(
    ("family", "release", "day"),
    [
        ("redhat", "6", "2024-06-30"),
        ("centos", "8", "2021-12-31"),
        ("alma", "10", "2035-05-31"),
        ("rocky", "9", "2032-05-31"),
        ("oracle", "6", "2021-03-21"),
        ("amazon", "2023", "2028-03-15"),
        ("photon", "4.0", "2026-03-31"),
        ("sles", "12.3", "2019-01-30"),
        ("slem", "5.2", "2026-04-30"),
        ("opensuse-leap", "15.6", "2025-12-31"),
        ("ubuntu", "14.04-ESM", "2024-04-25"),
    ],
)
def test_families_have_their_dates(family: str, release: str, day: str) -> None:
    end = find_end_of_life(family, release)

    assert end is not None
    assert end.isoformat() == f"{day}T23:59:59+00:00"
