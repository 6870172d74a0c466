"""A repository of Maven: where POMs are published (maven.apache.org/pom.html#Repositories)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class MavenRepository(msgspec.Struct, frozen=True):
    """Where something says that POMs are.

    Attributes:
        url: as written; user and password may stand in it.
        releases: whether it has releases.
        snapshots: whether it has snapshots.
        id: its name, by which servers and mirrors of `settings.xml` are for it; empty where nothing is.
    """

    url: str
    releases: bool = True
    snapshots: bool = True
    id: str = ""


def each_address_once(repositories: Iterable[MavenRepository]) -> tuple[MavenRepository, ...]:
    """The first repository of each address."""
    found: dict[str, MavenRepository] = {}
    for each in repositories:
        found.setdefault(each.url, each)
    return tuple(found.values())
