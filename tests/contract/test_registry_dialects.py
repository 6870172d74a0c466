"""Pull, push and referrers on every registry's dialect, under its real names, through a proxy, with a private CA.

No name is resolved and no connection leaves loopback: the proxy alone knows where the names lead.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.dialects import DIALECTS, Dialect
from tests.support.proxy import Proxy
from tests.support.registry import MemoryRegistry
from tests.support.tls import Authority

from assaymark.errors import AuthenticationError
from assaymark.model.descriptor import OCI_MANIFEST, Descriptor
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.net.proxies import proxies_from
from assaymark.net.secret import Secret
from assaymark.net.tls import TlsOptions
from assaymark.oci.content import ContentStore
from assaymark.oci.credentials import Credential
from assaymark.oci.registry import Registry, RegistryOptions

LAYER = bytes(range(256)) * 200


def loopback_only(host: str, *arguments: Any, **keywords: Any) -> Any:
    """A resolver that knows the proxy's address and nothing else."""
    assert host == "127.0.0.1", f"`{host}` was resolved directly"
    return socket.getaddrinfo(host, *arguments, **keywords)


@contextmanager
def played(dialect: Dialect, folder: Path) -> Iterator[tuple[MemoryRegistry, Proxy, Http]]:
    """The service behind a proxy, and a client that trusts its authority."""
    authority = Authority(folder)
    with (
        MemoryRegistry(dialect.played(), tls=authority.server(*dialect.hosts)) as registry,
        Proxy({f"{host}:443": registry.port for host in dialect.hosts}, user="p", password="w") as proxy,
    ):
        address = proxy.url.replace("http://", "http://p:w@")
        tls = TlsOptions(authorities=(authority.file,))
        yield registry, proxy, Http(tls=tls, proxies=proxies_from({"HTTPS_PROXY": address}), resolve=loopback_only)


def repository_of(dialect: Dialect, network: Http, *, account: bool) -> ContentStore:
    credential = Credential(username=dialect.user, password=Secret("correct horse"), source="a test")
    options = RegistryOptions(credentials=(credential,) if account else ())
    return Registry(network, options=options).repository(parse_reference(f"{dialect.host}/{dialect.repository}:1"))


@pytest.fixture(params=[pytest.param(dialect, id=dialect.host) for dialect in DIALECTS])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    found: Dialect = request.param
    return found


@pytest.fixture(autouse=True)
def cut_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets lead to loopback or nowhere."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", f"a socket was opened to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def test_pull(dialect: Dialect, tmp_path: Path) -> None:
    behaviour = dialect.played()
    account = not behaviour.anonymous_pull
    with played(dialect, tmp_path) as (registry, proxy, network):
        image = registry.put_image(dialect.repository, "1", layers=[LAYER])
        store = repository_of(dialect, network, account=account)
        layer = Descriptor(media_type="a/b", digest=json_layer(store.manifest("1").data), size=len(LAYER))
        assert (store.resolve("1"), store.resolve("none")) == (image, None)
        assert store.read_blob(layer, limit=len(LAYER)) == LAYER
        assert set(proxy.asked) == {f"CONNECT {host}:443" for host in used_hosts(dialect)}
        assert_no_credentials_elsewhere(dialect, registry)


def test_push_and_list_what_refers(dialect: Dialect, tmp_path: Path) -> None:
    with played(dialect, tmp_path) as (registry, _, network):
        image = registry.put_image(dialect.repository, "1")
        store = repository_of(dialect, network, account=True)
        if not dialect.writable:
            registry.behaviour.accounts = {}
            with pytest.raises(AuthenticationError, match="push permission"):
                store.push_blob(b"{ }", media_type="a/b")
            return
        config = store.push_blob(b"{ }", media_type="application/vnd.oci.empty.v1+json")
        pushed = store.push_manifest(referrer_of(image, config), media_type=OCI_MANIFEST)
        found = store.referrers(image.digest)
        listed = None if found is None else [entry.digest for entry in found]
        assert listed == ([pushed.digest] if registry.behaviour.referrers else None)
        tagged = store.push_manifest(referrer_of(image, config), media_type=OCI_MANIFEST, tag="sha256-x.att")
        assert store.resolve("sha256-x.att") == tagged
        assert any("/blobs/uploads/" in path for path in registry.paths("PUT"))
        assert_no_credentials_elsewhere(dialect, registry)


def test_refused_credentials_are_told_in_one_clean_line(dialect: Dialect, tmp_path: Path) -> None:
    with played(dialect, tmp_path) as (registry, _, network):
        registry.put_image(dialect.repository, "1")
        registry.behaviour.accounts = {dialect.user: "another"}
        store = repository_of(dialect, network, account=True)
        with pytest.raises(AuthenticationError) as caught:
            store.push_blob(b"{ }", media_type="a/b")
    told = f"{caught.value} {caught.value.hint}"
    assert f"{dialect.host}/{dialect.repository}" in told
    assert "assaymark login" in told
    assert not {"correct horse", "\n", "<"} & {mark for mark in ("correct horse", "\n", "<") if mark in told}


def json_layer(manifest: bytes) -> Any:
    return json.loads(manifest)["layers"][0]["digest"]


def referrer_of(subject: Descriptor, config: Descriptor) -> bytes:
    def described(descriptor: Descriptor) -> dict[str, object]:
        return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}

    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/x",
        "config": described(config),
        "layers": [],
        "subject": described(subject),
    }
    return json.dumps(document).encode()


def used_hosts(dialect: Dialect) -> set[str]:
    return set(dialect.hosts)


def assert_no_credentials_elsewhere(dialect: Dialect, registry: MemoryRegistry) -> None:
    """Authorization reached the registry and its token service alone; a registry token never the token service."""
    trusted = {dialect.host, dialect.realm_host}
    strangers = [request for request in registry.requests if request.host not in trusted]
    assert [request for request in strangers if "authorization" in request.headers] == []
    realm = [request for request in registry.requests if request.path.startswith(f"{dialect.realm_path}?")]
    assert not [request for request in realm if request.headers.get("authorization", "").startswith("Bearer")]
