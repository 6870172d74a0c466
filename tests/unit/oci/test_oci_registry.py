"""The registry client: how it resumes, writes tags, reads mirrors, and what it says when it may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from tests.support.registry import Behaviour, Fault, MemoryRegistry
from tests.support.tls import Authority

from assaymark.errors import AuthenticationError, ConflictError, DigestMismatchError, NetworkError, NotFoundError
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import sha256_digest
from assaymark.net.attempt import CertificateError
from assaymark.net.http import Http
from assaymark.net.secret import Secret
from assaymark.net.tls import TlsOptions
from assaymark.oci.content import ContentStore, Taken
from assaymark.oci.credentials import Credential
from assaymark.oci.registry import Registry, RegistryOptions

BLOB = bytes(range(256)) * 4096
GOOD = Credential(username="robin", password=Secret("correct horse"), source="a test")
BAD = Credential(username="robin", password=Secret("canary-password"), source="another test")


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as running:
        yield running


def client(**keywords: Any) -> Http:
    return Http(**{"sleep": lambda seconds: None, **keywords})


def store_of(registry: MemoryRegistry, *credentials: Credential, name: str = "a/b:1", **options: Any) -> ContentStore:
    made = Registry(client(), options=RegistryOptions(credentials=credentials, **options))
    return made.repository(registry.reference(name))


def blob_in(registry: MemoryRegistry, data: bytes = BLOB) -> Descriptor:
    return registry.put_blob("a/b", data)


def test_a_broken_download_goes_on_where_it_broke(registry: MemoryRegistry) -> None:
    descriptor = blob_in(registry)
    registry.fault(Fault(path="/blobs/", times=3, cut_after=len(BLOB) // 5))
    assert store_of(registry).read_blob(descriptor, limit=len(BLOB)) == BLOB
    ranges = [request.headers.get("range") for request in registry.requests if "/blobs/" in request.path]
    step = len(BLOB) // 5
    assert ranges[:2] == [None, f"bytes={step}-"]
    assert len(ranges) == 4


def test_a_server_without_ranges_may_repeat_a_little_and_not_much(registry: MemoryRegistry) -> None:
    descriptor = blob_in(registry)
    registry.fault(Fault(path="/blobs/", cut_after=len(BLOB) // 20))
    registry.fault(Fault(path="/blobs/", status=200, body=BLOB))
    assert store_of(registry).read_blob(descriptor, limit=len(BLOB)) == BLOB
    registry.fault(Fault(path="/blobs/", cut_after=len(BLOB) // 2))
    registry.fault(Fault(path="/blobs/", status=200, body=BLOB))
    with pytest.raises(NetworkError, match="cannot continue"):
        store_of(registry).read_blob(descriptor, limit=len(BLOB))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(Fault(path="/blobs/", times=-1, cut_after=0), NetworkError, id="it breaks for ever"),
        pytest.param(Fault(path="/blobs/", status=200, body=b"x" * len(BLOB)), DigestMismatchError, id="other bytes"),
        pytest.param(Fault(path="/blobs/", status=200, body=BLOB[:-1]), DigestMismatchError, id="one byte less"),
        pytest.param(Fault(path="/blobs/", status=200, body=BLOB + b"x"), DigestMismatchError, id="one byte more"),
        pytest.param(Fault(path="/blobs/", endless=True), DigestMismatchError, id="no end"),
        pytest.param(Fault(path="/blobs/", status=404), NotFoundError, id="it is not there"),
    ],
)
def test_bad_blobs(registry: MemoryRegistry, fault: Fault, kind: type[Exception]) -> None:
    descriptor = blob_in(registry)
    registry.fault(fault)
    with pytest.raises(kind):
        store_of(registry).read_blob(descriptor, limit=len(BLOB))


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        pytest.param({}, 1, id="HEAD tells everything"),
        pytest.param({"Docker-Content-Digest": ""}, 2, id="no digest"),
        pytest.param({"Content-Type": "application/json"}, 2, id="no type"),
    ],
)
def test_resolving_asks_again_where_head_tells_too_little(
    registry: MemoryRegistry, headers: dict[str, str], count: int
) -> None:
    image = registry.put_image("a/b", "1")
    registry.fault(Fault(method="HEAD", headers=headers))
    assert store_of(registry).resolve("1") == image
    assert len([path for path in registry.paths() if "manifests" in path]) == count


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_digest_that_contradicts_is_an_error(registry: MemoryRegistry, method: str) -> None:
    image = registry.put_image("a/b", "1")
    registry.fault(Fault(path="manifests", method=method, headers={"Docker-Content-Digest": sha256_digest(b"x")}))
    store = store_of(registry)
    with pytest.raises(DigestMismatchError):
        store.resolve(image.digest) if method == "HEAD" else store.manifest("1")


def test_a_pinned_manifest_with_other_bytes(registry: MemoryRegistry) -> None:
    image, other = registry.put_image("a/b", "1"), registry.put_image("a/b", layers=[b"other"])
    content = registry.repository("a/b").manifests
    content[image.digest] = content[other.digest]
    registry.behaviour.digest_header = False
    with pytest.raises(DigestMismatchError, match="was asked for"):
        store_of(registry).manifest(image.digest)


def test_no_permission_to_push(registry: MemoryRegistry) -> None:
    registry.behaviour = Behaviour(auth="token", anonymous_pull=True)
    with pytest.raises(AuthenticationError, match="no permission to push to") as caught:
        store_of(registry).push_blob(b"x", media_type="a/b")
    for way in (f"assaymark login {registry.host}", "COSIGN_REPOSITORY", "--no-upload", "OCI layout"):
        assert way in caught.value.hint
    assert f"{registry.host}/a/b" in str(caught.value)


def test_an_upload_that_goes_on_elsewhere_carries_no_credentials(registry: MemoryRegistry) -> None:
    with MemoryRegistry() as other:
        registry.behaviour = Behaviour(auth="basic", location_origin=other.url)
        with pytest.raises(NetworkError):
            store_of(registry, GOOD).push_blob(b"x", media_type="a/b")
        assert [request.method for request in other.requests] == ["PUT"]
        assert "authorization" not in other.requests[0].headers
        registry.behaviour.location_origin = "http://169.254.169.254"
        with pytest.raises(NetworkError, match="metadata"):
            store_of(registry, GOOD).push_blob(b"y", media_type="a/b")


def test_an_upload_location_that_is_missing_or_insecure(registry: MemoryRegistry, tmp_path: Path) -> None:
    registry.fault(Fault(method="POST", headers={"Location": ""}))
    with pytest.raises(NetworkError, match="where to upload"):
        store_of(registry).push_blob(b"x", media_type="a/b")
    authority = Authority(tmp_path)
    behaviour = Behaviour(location_origin=registry.url.replace("127.0.0.1", "localhost"))
    trusted = TlsOptions(authorities=(authority.file,))
    with (
        MemoryRegistry(behaviour, tls=authority.server("127.0.0.1")) as secure,
        pytest.raises(NetworkError, match="over plain http"),
    ):
        store_of(secure, tls=trusted).push_blob(b"x", media_type="a/b")


@pytest.mark.parametrize("status", [400, 405, 500])
def test_a_registry_that_does_not_delete(registry: MemoryRegistry, status: int) -> None:
    image = registry.put_image("a/b", "1")
    registry.fail(status, times=-1, method="DELETE")
    with pytest.raises(NetworkError, match=f"cannot delete .*status {status}"):
        store_of(registry).delete_manifest(image.digest)


@pytest.mark.parametrize("conditional", [True, False])
def test_a_concurrent_writer_is_noticed(registry: MemoryRegistry, conditional: bool) -> None:
    registry.behaviour.conditional = conditional
    image = registry.put_image("a/b", "t")
    stored = registry.repository("a/b").manifests[image.digest][0]

    class Meddling(Http):
        """Somebody else writes the tag after we looked and before we are done."""

        def request(self, method: str, url: str, **keywords: Any) -> Any:
            if method == "PUT" and conditional:
                registry.put_image("a/b", "t", layers=[b"theirs"])
            response = super().request(method, url, **keywords)
            if method == "PUT" and not conditional:
                registry.put_image("a/b", "t", layers=[b"theirs"])
            return response

    store = Registry(Meddling()).repository(registry.reference("a/b:t"))
    with pytest.raises(ConflictError):
        store.push_manifest(stored + b"\n", media_type=OCI_MANIFEST, tag="t", replaces=image.digest)


def test_a_repeated_write_that_met_its_own_first_try_is_done(registry: MemoryRegistry) -> None:
    image = registry.put_image("a/b", "t")
    data = registry.repository("a/b").manifests[image.digest][0] + b"\n"
    registry.put_manifest("a/b", data)
    registry.fault(Fault(method="PUT", status=412))
    store = store_of(registry)

    class Late(Http):
        def request(self, method: str, url: str, **keywords: Any) -> Any:
            if method == "PUT":
                registry.repository("a/b").tags["t"] = sha256_digest(data)
            return super().request(method, url, **keywords)

    store = Registry(Late()).repository(registry.reference("a/b:t"))
    pushed = store.push_manifest(data, media_type=OCI_MANIFEST, tag="t", replaces=image.digest)
    assert pushed.digest == sha256_digest(data)


def test_mirrors_are_read_first_and_never_written(registry: MemoryRegistry) -> None:
    image = registry.put_image("a/b", "1")
    with MemoryRegistry() as mirror:
        options = RegistryOptions(mirrors=((registry.host, (f"{mirror.host}/cache",)),))
        store = Registry(client(), options=options).repository(registry.reference("a/b:1"))
        assert store.resolve("1") == image
        mirrored = mirror.put_image("cache/a/b", "1", layers=[b"newer"])
        assert store.resolve("1") == mirrored
        assert store.manifest(image.digest).descriptor.digest == image.digest
        pushed = store.push_blob(b"x", media_type="a/b")
        assert store.read_blob(pushed, limit=9) == b"x"
        assert mirror.paths("PUT") == mirror.paths("POST") == []


def test_plain_http_needs_a_flag_beyond_loopback_and_a_bad_certificate_is_final(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with MemoryRegistry(tls=authority.server("127.0.0.1")) as secure:
        secure.put_image("a/b", "1")
        with pytest.raises(CertificateError):
            store_of(secure, allow_http=True).resolve("1")
        assert store_of(secure, insecure=True).resolve("1") is not None
        assert store_of(secure, tls=TlsOptions(authorities=(authority.file,))).resolve("1") is not None


def test_plain_http_and_credentials_beyond_loopback(registry: MemoryRegistry) -> None:
    def resolve(host: str, port: int, **keywords: Any) -> Any:
        import socket

        assert (host, port) == ("registry.example", registry.port)
        return socket.getaddrinfo("127.0.0.1", port, **keywords)

    registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth="basic")
    reference = msgspec.structs.replace(registry.reference("a/b:1"), registry=f"registry.example:{registry.port}")
    for options, works in ((RegistryOptions(), False), (RegistryOptions(allow_http=True), True)):
        with_account = msgspec.structs.replace(options, credentials=(GOOD,))
        store = Registry(client(resolve=resolve), options=with_account).repository(reference)
        if works:
            assert store.resolve("1") is not None
        else:
            with pytest.raises(NetworkError, match="does not speak TLS"):
                store.resolve("1")


@pytest.mark.parametrize(
    ("status", "content_type", "expected"),
    [
        (404, OCI_INDEX, None), (400, OCI_INDEX, None), (406, OCI_INDEX, None), (200, "application/json", None),
        (200, f"{OCI_INDEX}; charset=utf-8", None), (200, OCI_INDEX, ()),
    ],
)  # fmt: skip
def test_whether_referrers_are_offered(
    registry: MemoryRegistry, status: int, content_type: str, expected: tuple[()] | None
) -> None:
    image = registry.put_image("a/b", "1")
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()
    registry.fault(Fault(path="/referrers/", status=status, headers={"Content-Type": content_type}, body=body))
    assert store_of(registry).referrers(image.digest) == expected


def test_referrers_that_may_not_be_read_are_an_error(registry: MemoryRegistry) -> None:
    registry.put_image("a/b", "1")
    registry.fault(Fault(path="/referrers/", status=403))
    with pytest.raises(AuthenticationError, match="list the referrers"):
        store_of(registry).referrers(sha256_digest(b"x"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(
            b'{"errors":[{"code":"DENIED","message":"no\\u001b[31m"}]}', r"DENIED: no\x1b[31m", id="the shape"
        ),
        pytest.param(b'{"errors":[{"status":403,"message":"Forbidden"}]}', "Forbidden", id="JFrog"),
        pytest.param(b'{"message":"quota"}', "quota", id="a message"),
        pytest.param(b"<html><title>502 Bad</title><p>x</p></html>", "502 Bad", id="HTML"),
        pytest.param(b"<Error><Message>Access Denied</Message></Error>", "Access Denied", id="S3"),
        pytest.param(b"plain\n\ntext", "plain text", id="text"),
        pytest.param(b"x" * 100_000, "x" * 299 + "…", id="too much"),
        pytest.param(b'{"errors":[[[1]]]}', "", id="nonsense"),
        pytest.param(b"echo canary-password", "echo ***", id="our own password"),
    ],
)
def test_what_registries_say(registry: MemoryRegistry, body: bytes, told: str) -> None:
    registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth="basic", accounts={"robin": "canary-password"})
    registry.fault(Fault(path="/manifests/", skip=1, status=409, body=body))
    with pytest.raises(NetworkError) as caught:
        store_of(registry, BAD).manifest("1")
    assert str(caught.value).partition("/manifests/1`")[2] == (f": {told}" if told else "")


class TestMounting:
    LAYER = b"layer" * 1_000

    def take(self, registry: MemoryRegistry) -> tuple[Taken, list[str]]:
        placed = registry.put_blob("from/app", self.LAYER)
        store = store_of(registry, GOOD, name="to/app")
        taken = store.take_blob(placed, lambda: nullcontext(BytesIO(self.LAYER)), origin="from/app")
        assert registry.repository("to/app").blobs == {placed.digest: self.LAYER}
        return taken, registry.paths("PUT")

    @pytest.mark.parametrize("auth", ["none", "token"], ids=["nobody asks who", "a token for both repositories"])
    def test_nothing_is_sent_within_a_registry(self, auth: Literal["none", "token"]) -> None:
        with MemoryRegistry(Behaviour(auth=auth)) as registry:
            assert self.take(registry) == (Taken.MOUNTED, [])

    @pytest.mark.parametrize("status", [401, 403, 404, 405], ids=str)
    def test_where_it_is_refused_the_blob_is_sent(self, status: int) -> None:
        with MemoryRegistry() as registry:
            registry.fail(status, method="POST", path="mount=", times=-1)
            taken, puts = self.take(registry)
            assert (taken, len(puts)) == (Taken.SENT, 1)
