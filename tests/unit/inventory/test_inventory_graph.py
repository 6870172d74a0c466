"""Closures over dependency graphs."""

from __future__ import annotations

import pytest

from assaymark.inventory.graph import edges_of, mark_dev, mark_direct, reachable
from assaymark.model.package import Package, Relationship

GRAPH = {"a": ("b", "c"), "b": ("d",), "c": ("a",), "e": ("missing",)}


def package(identifier: str, *depends_on: str) -> Package:
    return Package(id=identifier, name=identifier, depends_on=depends_on)


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        pytest.param([], set(), id="nothing leads nowhere"),
        pytest.param(["d"], {"d"}, id="a leaf reaches itself"),
        pytest.param(["a"], {"a", "b", "c", "d"}, id="cycles end"),
        pytest.param(
            ["e", "unknown"], {"e", "missing", "unknown"}, id="what is not in the graph is reached all the same"
        ),
    ],
)
def test_reached_identifiers(starts: list[str], expected: set[str]) -> None:
    assert reachable(starts, GRAPH) == expected


def test_what_is_known_is_not_walked_again() -> None:
    assert reachable(["a", "b", "e"], GRAPH, known={"b", "e"}) == {"a", "c"}


def test_chain_of_a_hundred_thousand_is_no_recursion() -> None:
    chain = {str(number): (str(number + 1),) for number in range(100_000)}

    assert len(reachable(["0"], chain)) == 100_001


def test_direct_and_indirect_packages() -> None:
    marked = mark_direct([package("a", "b"), package("b")], {"a"})

    assert [(each.id, each.relationship) for each in marked] == [
        ("a", Relationship.DIRECT),
        ("b", Relationship.INDIRECT),
    ]


def test_what_production_does_not_reach_is_for_development() -> None:
    packages = [package("a", "b"), package("b"), package("c", "b"), package("d")]

    assert [(each.id, each.dev) for each in mark_dev(packages, ["a"])] == [
        ("a", False),
        ("b", False),
        ("c", True),
        ("d", True),
    ]


def test_edges_of_packages_are_their_dependencies() -> None:
    assert edges_of([package("a", "b"), package("a", "c"), package("b")]) == {"a": ("c",), "b": ()}
