"""Dependency graphs of lockfiles: what is reached from where.

A graph is a mapping of identifiers to the identifiers that each depends on. Identifiers that lead nowhere are allowed
(a lockfile may name what it does not hold), and so are cycles. Every edge is followed once, without recursion: a chain
of a hundred thousand packages is a line in a hostile file and a crash of the interpreter otherwise.

The three questions that ecosystems ask are functions here: which packages a set of packages reaches, which are direct
and which indirect, and which serve development only because nothing of production reaches them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from assaymark.model.package import Package, Relationship

Edges = Mapping[str, Collection[str]]
"""What each identifier depends on."""


def reachable(starts: Iterable[str], edges: Edges, *, known: Collection[str] = frozenset()) -> set[str]:
    """The identifiers in `starts` and all that they lead to, directly or not.

    What is in `known` is left out and not followed: many questions about one graph cost one walk together.
    """
    seen = {start for start in starts if start not in known}
    pending = list(seen)
    while pending:
        for target in edges.get(pending.pop(), ()):
            if target not in seen and target not in known:
                seen.add(target)
                pending.append(target)
    return seen


def edges_of(packages: Iterable[Package]) -> dict[str, tuple[str, ...]]:
    """The graph that `depends_on` describes; of several packages with one ID the last counts."""
    return {package.id: package.depends_on for package in packages}


def mark_direct(packages: Iterable[Package], direct: Collection[str]) -> list[Package]:
    """The packages, those with an ID in `direct` as direct and all others as indirect."""
    return [
        msgspec.structs.replace(
            package, relationship=Relationship.DIRECT if package.id in direct else Relationship.INDIRECT
        )
        for package in packages
    ]


def mark_dev(packages: Sequence[Package], production: Iterable[str]) -> list[Package]:
    """The packages, all that nothing in `production` leads to as for development only."""
    needed = reachable(production, edges_of(packages))
    return [msgspec.structs.replace(package, dev=package.id not in needed) for package in packages]
