"""Package repositories, asked through the network that the flags choose."""

from __future__ import annotations

import io
import logging
from argparse import Namespace
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assaymark.cli.connections import Connections
from assaymark.cli.host import host_caches
from assaymark.errors import LimitError, NetworkError
from assaymark.inventory.java.poms import CENTRAL
from assaymark.layers.host import HostCaches
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.address import Locality
from assaymark.net.network import Headers, Response


class Repositories:
    """Answers by URL; hosts called `down` do not answer."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.asked: list[tuple[str, Locality]] = []

    def request(self, method: str, url: str, *, nearest: Locality, **_: Any) -> Response:
        assert method == "GET"
        self.asked.append((url, nearest))
        if "//down/" in url:
            raise NetworkError(f"nobody answers at `{url}`")
        data = self.files.get(url)
        source = io.BytesIO(data or b"")
        status = 404 if data is None else 200
        return Response(status=status, headers=Headers(), url=url, source=source, limits=DEFAULT_LIMITS)


def caches(network: Repositories, *, offline: bool = False, offline_scan: bool = False) -> HostCaches:
    connections = cast("Connections", SimpleNamespace(network=network))
    return host_caches(Namespace(offline=offline, offline_scan=offline_scan), {}, connections)


def test_only_maven_central_may_be_near() -> None:
    network = Repositories({f"{CENTRAL.url}a": b"1", "https://x.test/a": b"2"})
    host = caches(network)
    assert [host.fetch(f"{CENTRAL.url}a", 9), host.fetch("https://x.test/a", 9), host.fetch("https://x.test/b", 9)] == [
        b"1",
        b"2",
        None,
    ]
    assert [nearest for _, nearest in network.asked] == [Locality.PRIVATE, Locality.PUBLIC, Locality.PUBLIC]


def test_who_does_not_answer_is_asked_once_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    network = Repositories({})
    host = caches(network)
    with caplog.at_level(logging.WARNING):
        assert [host.fetch(f"https://down/{name}", 9) for name in "abc"] == [None, None, None]
    assert len(network.asked) == len(caplog.records) == 1


@pytest.mark.parametrize("flags", [{"offline": True}, {"offline_scan": True}])
def test_nobody_is_asked_offline(flags: dict[str, bool]) -> None:
    network = Repositories({f"{CENTRAL.url}a": b"1"})
    assert caches(network, **flags).fetch(f"{CENTRAL.url}a", 9) is None
    assert network.asked == []


def test_answers_are_bounded() -> None:
    with pytest.raises(LimitError):
        caches(Repositories({"https://x.test/a": b"12345"})).fetch("https://x.test/a", 3)
