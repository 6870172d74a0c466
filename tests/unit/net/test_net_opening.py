"""Which way out a caller gets."""

from __future__ import annotations

import pytest

from assaymark.errors import OfflineError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork
from assaymark.net.opening import open_network


def test_offline_reaches_nobody_whatever_else_is_said() -> None:
    network = open_network({"HTTPS_PROXY": "nonsense://"}, offline=True, insecure=True, limits=DEFAULT_LIMITS)
    assert isinstance(network, NoNetwork)
    with pytest.raises(OfflineError):
        network.request("GET", "https://registry.test/v2/")


def test_online_is_http_by_the_environment() -> None:
    assert isinstance(open_network({}, offline=False, limits=DEFAULT_LIMITS), Http)
    with pytest.raises(UsageError):
        open_network({"HTTPS_PROXY": "gopher://proxy.test"}, offline=False, limits=DEFAULT_LIMITS)
