"""One suite over every `ContentStore`: registries of all dialects, with tokens, Basic or nothing, and image layouts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import pytest
from tests.support.registry import Behaviour, MemoryRegistry

from assaymark.errors import ConflictError, DigestMismatchError, LimitError, NotFoundError
from assaymark.model.descriptor import OCI_EMPTY, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest, sha256_digest
from assaymark.net.http import Http
from assaymark.net.secret import Secret
from assaymark.oci.content import ContentStore, Opener, Taken
from assaymark.oci.credentials import Credential
from assaymark.oci.layout import Layout
from assaymark.oci.registry import Registry, RegistryOptions

ABSENT = sha256_digest(b"absent")
ACCOUNT = Credential(username="robin", password=Secret("correct horse"))


@pytest.fixture(
    params=[
        pytest.param(Behaviour(), id="a registry"),
        pytest.param(Behaviour(auth="basic"), id="a registry with Basic"),
        pytest.param(Behaviour(auth="token"), id="a registry with tokens"),
        pytest.param(Behaviour(conditional=False, referrers=False), id="a registry without ETag and referrers"),
        pytest.param(None, id="an image layout"),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ContentStore]:
    if request.param is None:
        yield Layout(tmp_path / "layout", create=True)
        return
    with MemoryRegistry(request.param) as registry:
        options = RegistryOptions(credentials=(ACCOUNT,))
        yield Registry(Http(), options=options).repository(registry.reference("library/app:1"))


def manifest_of(config: Descriptor, *, subject: Descriptor | None = None, note: str = "") -> bytes:
    described = {"mediaType": config.media_type, "digest": config.digest, "size": config.size}
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described,
        "layers": [],
        "annotations": {"note": note},
    }
    if subject is not None:
        document["subject"] = {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.size}
    return json.dumps(document).encode()


def test_a_blob_comes_back(store: ContentStore) -> None:
    pushed = store.push_blob(b"content", media_type="text/plain")
    assert pushed == Descriptor(media_type="text/plain", digest=sha256_digest(b"content"), size=7)
    assert store.read_blob(pushed, limit=7) == b"content"
    with store.open_blob(pushed) as stream:
        assert b"".join(iter(lambda: stream.read(3), b"")) == b"content"


def test_a_blob_that_is_there_is_not_a_failure(store: ContentStore) -> None:
    assert store.push_blob(b"x", media_type="a/b") == store.push_blob(b"x", media_type="a/b")


def opener(data: bytes) -> Opener:
    return lambda: nullcontext(BytesIO(data))


def test_a_blob_is_taken_as_a_stream_once(store: ContentStore) -> None:
    data = b"content" * 100_000
    wanted = Descriptor(media_type="a/b", digest=sha256_digest(data), size=len(data))
    assert store.take_blob(wanted, opener(data)) is Taken.SENT
    assert store.read_blob(wanted, limit=len(data)) == data
    assert store.take_blob(wanted, opener(b"never looked at")) is Taken.PRESENT


@pytest.mark.parametrize("sent", [b"contend", b"conten", b"content!"], ids=["other bytes", "fewer", "more"])
def test_a_blob_that_is_not_what_was_promised_is_not_stored(store: ContentStore, sent: bytes) -> None:
    wanted = Descriptor(media_type="a/b", digest=sha256_digest(b"content"), size=7)
    with pytest.raises(DigestMismatchError):
        store.take_blob(wanted, opener(sent))
    assert store.take_blob(wanted, opener(b"content")) is Taken.SENT


def test_a_blob_without_content_is_taken(store: ContentStore) -> None:
    wanted = Descriptor(media_type="a/b", digest=sha256_digest(b""), size=0)
    assert store.take_blob(wanted, opener(b"")) is Taken.SENT
    assert store.read_blob(wanted, limit=0) == b""


def test_a_blob_larger_than_wanted_is_not_read(store: ContentStore) -> None:
    with pytest.raises(LimitError):
        store.read_blob(store.push_blob(b"content", media_type="text/plain"), limit=6)


def test_a_blob_of_another_size_is_refused(store: ContentStore) -> None:
    pushed = store.push_blob(b"content", media_type="text/plain")
    for size in (6, 8):
        lying = Descriptor(media_type="text/plain", digest=pushed.digest, size=size)
        with pytest.raises(DigestMismatchError):
            store.read_blob(lying, limit=100)


def test_a_manifest_by_tag_and_by_digest(store: ContentStore) -> None:
    data = manifest_of(store.push_blob(b"{}", media_type=OCI_EMPTY))
    pushed = store.push_manifest(data, media_type=OCI_MANIFEST, tag="1")
    expected = Descriptor(media_type=OCI_MANIFEST, digest=sha256_digest(data), size=len(data))
    for identifier in ("1", pushed.digest):
        found = store.manifest(identifier)
        resolved = store.resolve(identifier)
        assert resolved is not None
        assert (found.data, found.descriptor.digest, resolved.digest) == (data, expected.digest, expected.digest)


@pytest.mark.parametrize("identifier", [pytest.param("none", id="a tag"), pytest.param(ABSENT, id="a digest")])
def test_what_does_not_exist(store: ContentStore, identifier: str) -> None:
    store.push_manifest(manifest_of(store.push_blob(b"{}", media_type=OCI_EMPTY)), media_type=OCI_MANIFEST)
    assert store.resolve(identifier) is None
    with pytest.raises(NotFoundError):
        store.manifest(identifier)


def test_a_tag_is_replaced_only_by_who_read_it(store: ContentStore) -> None:
    config = store.push_blob(b"{}", media_type=OCI_EMPTY)
    first = store.push_manifest(manifest_of(config, note="1"), media_type=OCI_MANIFEST, tag="t")
    second = store.push_manifest(
        manifest_of(config, note="2"), media_type=OCI_MANIFEST, tag="t", replaces=Digest(first.digest)
    )
    for stale in (None, first.digest):
        with pytest.raises(ConflictError):
            store.push_manifest(manifest_of(config, note="3"), media_type=OCI_MANIFEST, tag="t", replaces=stale)
    resolved = store.resolve("t")
    assert resolved is not None
    assert resolved.digest == second.digest


def test_what_refers_to_a_manifest(store: ContentStore) -> None:
    config = store.push_blob(b"{}", media_type=OCI_EMPTY)
    subject = store.push_manifest(manifest_of(config), media_type=OCI_MANIFEST, tag="1")
    referrer = store.push_manifest(manifest_of(config, subject=subject), media_type=OCI_MANIFEST)
    found = store.referrers(subject.digest)
    assert found is None or [entry.digest for entry in found] == [referrer.digest]


def test_a_deleted_manifest_is_gone(store: ContentStore) -> None:
    pushed = store.push_manifest(manifest_of(store.push_blob(b"{}", media_type=OCI_EMPTY)), media_type=OCI_MANIFEST)
    store.delete_manifest(pushed.digest)
    assert store.resolve(pushed.digest) is None
