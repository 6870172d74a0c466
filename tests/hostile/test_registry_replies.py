"""Registries that lie, flood or never end: one clear error each, bounded reading, no credentials elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.support.registry import Behaviour, Fault, MemoryRegistry

from assaymark.errors import ArtifactError, Error, LimitError, NetworkError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST
from assaymark.model.digest import sha256_digest
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

SUBJECT = sha256_digest(b"subject")


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as running:
        running.put_image("a/b", "1")
        yield running


def store_of(registry: MemoryRegistry, **limits: int) -> ContentStore:
    changed = msgspec.structs.replace(DEFAULT_LIMITS, **limits)
    network = Http(limits=changed, sleep=lambda seconds: None)
    return Registry(network, limits=changed).repository(registry.reference("a/b:1"))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(Fault(endless=True), LimitError, id="a manifest without end"),
        pytest.param(Fault(body=b" " * (4 * 1024 * 1024 + 1)), LimitError, id="a manifest of 4 MiB and a byte"),
        pytest.param(Fault(body=b"[" * 500_000), LimitError, id="a manifest nested half a million deep"),
        pytest.param(Fault(body=b'{"layers":[],"manifests":[]}'), ArtifactError, id="both kinds at once"),
        pytest.param(Fault(body=b'{"config":1,"config":2}'), ArtifactError, id="a key twice"),
        pytest.param(Fault(headers={"Content-Type": OCI_INDEX}), ArtifactError, id="an image that is sent as an index"),
        pytest.param(Fault(status=500, endless=True), NetworkError, id="an error without end"),
        pytest.param(Fault(status=307, headers={"Location": "http://[fe80::1]/"}), NetworkError, id="sent link-local"),
        pytest.param(Fault(status=307, headers={"Location": "//"}), NetworkError, id="sent nowhere"),
        pytest.param(
            Fault(status=401, headers={"WWW-Authenticate": "Bearer " + "a=b," * 3000}),
            NetworkError,
            id="a long challenge",
        ),
        pytest.param(Fault(headers={f"X-{number}": "y" for number in range(200)}), NetworkError, id="200 headers"),
    ],
)
def test_manifests(registry: MemoryRegistry, fault: Fault, kind: type[Error]) -> None:
    fault.path, fault.times = "/manifests/", -1
    # the digest of the true manifest would be the first thing to contradict
    fault.headers = {"Docker-Content-Digest": "", **fault.headers}
    registry.fault(fault)
    begun = time.monotonic()
    with pytest.raises(kind) as caught:
        store_of(registry, retry_tries=2).manifest("1")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert time.monotonic() - begun < 5


def flood(count: int) -> bytes:
    entry = {"mediaType": OCI_MANIFEST, "digest": SUBJECT, "size": 2}
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry] * count}).encode()


def page(count: int, link: str) -> Fault:
    headers = {"Content-Type": OCI_INDEX, "Link": f'<{link}>; rel="next"'}
    return Fault(path="/referrers/", times=-1, status=200, headers=headers, body=flood(count))


def test_a_flood_of_referrers(registry: MemoryRegistry) -> None:
    registry.fault(page(1001, "?n=1"))
    with pytest.raises(LimitError):
        store_of(registry).referrers(SUBJECT)


def test_pages_without_end(registry: MemoryRegistry) -> None:
    class Paging(Http):
        """A server whose next page always has another name."""

        def request(self, method: str, url: str, **keywords: Any) -> Any:
            registry.faults[0].headers = {"Content-Type": OCI_INDEX, "Link": f'<{url}x>; rel="next"'}
            return super().request(method, url, **keywords)

    registry.fault(page(1, "x"))
    store = Registry(Paging()).repository(registry.reference("a/b:1"))
    with pytest.raises(LimitError, match="more than 100 pages"):
        store.referrers(SUBJECT)
    assert len(registry.paths("GET")) <= 102


def test_a_page_that_leads_to_itself_ends_the_list(registry: MemoryRegistry) -> None:
    registry.fault(page(1, f"/v2/a/b/referrers/{SUBJECT}"))
    found = store_of(registry).referrers(SUBJECT)
    assert found is not None
    assert len(found) == 1


def test_a_page_on_another_host(registry: MemoryRegistry) -> None:
    registry.fault(page(1, "http://127.0.0.1:1/more"))
    with pytest.raises(NetworkError, match="another host"):
        store_of(registry).referrers(SUBJECT)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"token":"' + b"x" * 2_000_000 + b'"}', id="a token of two megabytes"),
        pytest.param(b"[" * 100_000, id="a token nested a hundred thousand deep"),
    ],
)
def test_tokens(registry: MemoryRegistry, body: bytes) -> None:
    registry.behaviour = Behaviour(auth="token")
    registry.fault(Fault(path="/token", times=-1, status=200, body=body))
    with pytest.raises(LimitError):
        store_of(registry).resolve("1")


def test_an_answer_to_a_range_that_starts_later(registry: MemoryRegistry) -> None:
    descriptor = registry.put_blob("a/b", b"0123456789" * 100)
    registry.fault(Fault(path="/blobs/", cut_after=100))
    registry.fault(Fault(path="/blobs/", status=206, headers={"Content-Range": "bytes 500-999/1000"}, body=b"x" * 500))
    with pytest.raises(NetworkError, match="came from byte 500"):
        store_of(registry).read_blob(descriptor, limit=1000)
