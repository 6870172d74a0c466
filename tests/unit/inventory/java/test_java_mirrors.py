"""Mirrors of Maven's repositories: which of them stands in for whom."""

from __future__ import annotations

import pytest

from assaymark.inventory.java.mirrors import Mirror, Mirrors
from assaymark.model.maven import MavenRepository

CENTRAL = MavenRepository("https://repo.maven.apache.org/maven2/", snapshots=False, id="central")


def mirror(of: str, url: str = "https://m.test/", *, name: str = "m", is_blocked: bool = False) -> Mirror:
    return Mirror(id=name, url=url, of=tuple(of.split(",")), is_blocked=is_blocked)


@pytest.mark.parametrize(
    ("of", "name", "url", "expected"),
    [
        pytest.param("*", "a", "https://a.test", True, id="all"),
        pytest.param("a", "a", "https://a.test", True, id="a name"),
        pytest.param("A", "a", "https://a.test", False, id="letter case counts"),
        pytest.param("b", "a", "https://a.test", False, id="another name"),
        pytest.param("a,b", "b", "https://b.test", True, id="one of several"),
        pytest.param("*,!a", "a", "https://a.test", False, id="all but it"),
        pytest.param("!a,*", "a", "https://a.test", False, id="all but it, the other way round"),
        pytest.param("*,!b", "a", "https://a.test", True, id="all but another"),
        pytest.param("a,!a", "a", "https://a.test", True, id="a name ends the search"),
        pytest.param("!", "a", "https://a.test", False, id="no name to leave out"),
        pytest.param("external:*", "a", "https://a.test", True, id="external"),
        pytest.param("external:*", "a", "http://localhost:8081/x", False, id="on this machine"),
        pytest.param("external:*", "a", "http://[::1]/x", False, id="on this machine, by IPv6"),
        pytest.param("external:*", "a", "file:///x", False, id="a folder"),
        pytest.param("external:*", "a", "https://[bad", False, id="an address that is none"),
        pytest.param("external:http:*", "a", "http://a.test", True, id="external, plain"),
        pytest.param("external:http:*", "a", "https://a.test", False, id="external, not plain"),
        pytest.param("external:ftp:*", "a", "ftp://a.test", False, id="a pattern that is none"),
    ],
)
def test_mirror_of(of: str, name: str, url: str, *, expected: bool) -> None:
    assert mirror(of).serves(MavenRepository(url, id=name)) is expected


def test_the_first_mirror_takes_the_place() -> None:
    mirrors = Mirrors((mirror("other"), mirror("central", "https://c.test/", name="c"), mirror("*")))
    assert list(mirrors.routed([CENTRAL])) == [MavenRepository("https://c.test/", snapshots=False, id="c")]
    assert list(Mirrors().routed([CENTRAL])) == [CENTRAL]


def test_a_blocked_mirror_leaves_nobody_to_ask() -> None:
    plain = MavenRepository("http://a.test", id="a")
    blocker = mirror("external:http:*", "http://0.0.0.0/", is_blocked=True)
    assert list(Mirrors((blocker,)).routed([plain, CENTRAL])) == [CENTRAL]


@pytest.mark.parametrize(
    "source",
    [
        "https://repo.maven.apache.org/maven2/",
        "https://REPO.maven.apache.org//maven2",
        "https://me:word@repo.maven.apache.org/maven2",
    ],
)
def test_addresses_may_stand_in(source: str) -> None:
    mirrors = Mirrors(standing_in=((source, ("https://a.test", "https://b.test")),))
    expected = [MavenRepository(url, snapshots=False) for url in ("https://a.test", "https://b.test")]
    assert list(mirrors.routed([CENTRAL])) == expected


@pytest.mark.parametrize(
    "url", ["https://repo.maven.apache.org/Maven2/", "http://repo.maven.apache.org/maven2", "https://[x"]
)
def test_other_addresses_stay(url: str) -> None:
    other = MavenRepository(url)
    mirrors = Mirrors(standing_in=((CENTRAL.url, ("https://a.test",)),))
    assert list(mirrors.routed([other])) == [other]


def test_stand_ins_come_after_the_mirrors() -> None:
    mirrors = Mirrors((mirror("*"),), (("https://m.test/", ("https://a.test",)), (CENTRAL.url, ("https://b.test",))))
    assert [each.url for each in mirrors.routed([CENTRAL])] == ["https://a.test"]
