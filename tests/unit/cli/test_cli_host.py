"""What flags and variables let a scan ask of this machine and of package repositories."""

from __future__ import annotations

import io
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assaymark.cli.connections import Connections
from assaymark.cli.host import host_caches
from assaymark.errors import UsageError
from assaymark.inventory.java.poms import CENTRAL
from assaymark.layers.host import HostCaches
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.network import Headers, Network, Response
from assaymark.net.proxies import Proxy, SpecialProxy

SETTINGS = """<settings>
  <localRepository>{folder}/own</localRepository>
  <mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>https://m.test</url></mirror></mirrors>
  {more}
</settings>"""
PROXY = "<proxies><proxy><protocol>https</protocol><host>p.test</host><port>1</port></proxy></proxies>"


class Outside:
    """Connections whose network answers everything with its own name."""

    def __init__(self) -> None:
        self.special: list[SpecialProxy] = []
        self.asked: list[str] = []

    @property
    def network(self) -> Network:
        return self._named(b"direct")

    def network_through(self, special: Iterable[SpecialProxy]) -> Network:
        self.special += special
        return self._named(b"proxy")

    def _named(self, name: bytes) -> Network:
        def request(_method: str, url: str, **_: Any) -> Response:
            self.asked.append(url)
            source = io.BytesIO(name)
            return Response(status=200, headers=Headers(), url=url, source=source, limits=DEFAULT_LIMITS)

        return cast("Network", SimpleNamespace(request=request))


def caches(outside: Outside, home: Path, **flags: object) -> HostCaches:
    args = Namespace(**{"offline": False, "offline_scan": False, "maven_mirror": (), **flags})
    return host_caches(args, {"HOME": str(home), "MAVEN_HOME": str(home)}, cast("Connections", outside))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".m2").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.pom").write_text("<project/>")
    return tmp_path


def write_settings(home: Path, more: str = "") -> None:
    (home / ".m2" / "settings.xml").write_text(SETTINGS.format(folder=home, more=more))


def test_the_settings_name_the_local_repository_and_mirrors(home: Path) -> None:
    write_settings(home)
    outside = Outside()
    host = caches(outside, home)
    assert host.read("maven", "a.pom", 99) == b"<project/>"
    [mirror] = host.repositories([CENTRAL])
    assert (mirror.url, host.fetch(mirror, "b.pom", 99)) == ("https://m.test", b"direct")
    assert (outside.asked, outside.special) == (["https://m.test/b.pom"], [])


def test_proxies_of_the_settings_are_for_these_repositories(home: Path) -> None:
    write_settings(home, PROXY)
    outside = Outside()
    host = caches(outside, home)
    assert [host.fetch(CENTRAL, path, 99) for path in "ab"] == [b"proxy", b"proxy"]
    assert outside.special == [SpecialProxy(scheme="https", proxy=Proxy(url="https://p.test:1"))]


def test_addresses_of_the_flag_stand_in(home: Path) -> None:
    host = caches(Outside(), home, maven_mirror=(f"{CENTRAL.url}=https://x.test",))
    assert [each.url for each in host.repositories([CENTRAL])] == ["https://x.test"]
    with pytest.raises(UsageError):
        caches(Outside(), home, maven_mirror=("https://x.test",))


@pytest.mark.parametrize("flag", ["offline", "offline_scan"])
def test_nobody_is_asked_offline(flag: str, home: Path) -> None:
    write_settings(home)
    outside = Outside()
    host = caches(outside, home, **{flag: True})
    assert (host.fetch(CENTRAL, "a", 9), host.read("maven", "a.pom", 99)) == (None, b"<project/>")
    assert outside.asked == []
