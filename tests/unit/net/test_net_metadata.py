"""The metadata server of a Google machine: one address, asked on purpose."""

from __future__ import annotations

import socket

import msgspec
import pytest
from tests.support.registry import Fault
from tests.support.sigstore.fake import FakeSigstore

from assaymark.errors import LimitError, NetworkError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.address import Locality
from assaymark.net.metadata import MetadataNetwork

PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
LIMITS = msgspec.structs.replace(DEFAULT_LIMITS, workload_seconds=0.5, service_reply_bytes=1000)


def named(address: str) -> MetadataNetwork:
    return MetadataNetwork({"GCE_METADATA_HOST": address}, limits=LIMITS)


def test_it_is_asked_as_it_wants_to_be() -> None:
    with FakeSigstore() as fake:
        network = named(fake.url.removeprefix("http://"))
        with network.request("GET", f"http://metadata.google.internal{PATH}?scopes=x") as response:
            assert response.status == 200
            assert b"access_token" in response.bounded(1000, what="it")
        sent = fake.requests[0]
        assert (sent.path, sent.headers["metadata-flavor"]) == (f"{PATH}?scopes=x", "Google")
        assert network.locality("anything") is Locality.LOOPBACK


def test_without_the_variable_it_is_at_its_own_address() -> None:
    network = MetadataNetwork({})
    assert (network._host, network._port) == ("169.254.169.254", 80)


def test_nothing_else_is_asked() -> None:
    with pytest.raises(NetworkError, match="not the metadata server"):
        named("127.0.0.1:1").request("GET", "http://169.254.169.254/latest/meta-data")


def test_an_answer_without_end_is_not_read() -> None:
    with FakeSigstore() as fake:
        fake.fault(Fault(path="/computeMetadata", status=200, body=b"x" * 5000))
        network = named(fake.url.removeprefix("http://"))
        with network.request("GET", f"http://metadata.google.internal{PATH}") as response, pytest.raises(LimitError):
            response.bounded(LIMITS.service_reply_bytes, what="it")


def test_nobody_answers() -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        with pytest.raises(NetworkError, match="does not answer"):
            named(f"127.0.0.1:{occupied.getsockname()[1]}").request("GET", f"http://metadata.google.internal{PATH}")


def test_a_server_that_says_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(NetworkError, match="does not answer"):
            named(f"127.0.0.1:{silent.getsockname()[1]}").request("GET", f"http://metadata.google.internal{PATH}")
