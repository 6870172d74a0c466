"""What packages are called, and those that stand in several places."""

from __future__ import annotations

import msgspec
import pytest

from assaymark.inventory.places import merge_places, package_id
from assaymark.model.package import Location, Package, Relationship

FIRST, SECOND = Location(start_line=3, end_line=4), Location(start_line=8, end_line=9)
PACKAGE = Package(id="a@1", name="a", version="1", relationship=Relationship.INDIRECT, dev=True)


@pytest.mark.parametrize(
    ("version", "separator", "expected"),
    [("1", "@", "n@1"), ("1", ":", "n:1"), ("1", "/", "n/1"), ("", "@", "n"), ("", "/", "n")],
)
def test_ids(version: str, separator: str, expected: str) -> None:
    assert expected == package_id("n", version, separator=separator)


def place(**members: object) -> Package:
    return msgspec.structs.replace(PACKAGE, **members)


def test_one_package_for_all_places_of_an_id() -> None:
    other = place(id="b@1", name="b")
    found = merge_places(
        [
            place(locations=(SECOND,)),
            other,
            place(locations=(FIRST,), dev=False, relationship=Relationship.DIRECT, licenses=("MIT",)),
            place(licenses=("ISC",)),
        ]
    )
    merged = place(dev=False, relationship=Relationship.DIRECT, locations=(FIRST, SECOND), licenses=("MIT",))
    assert [merged, other] == found


def test_a_package_for_development_everywhere_stays_one() -> None:
    assert merge_places([PACKAGE, PACKAGE]) == [PACKAGE]
