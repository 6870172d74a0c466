"""Artifacts attached as they are: which are read, in which order, and what cannot be."""

from __future__ import annotations

from tests.support.attached_sboms import CYCLONEDX_JSON, SPDX_JSON, attach_artifact
from tests.support.content import MemoryContent

from assaymark.attest.reasons import Reason
from assaymark.attest.store.artifacts import Attached, read_artifacts
from assaymark.attest.store.attestation import Unreadable, fallback_tag
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_MANIFEST, Descriptor
from assaymark.model.digest import sha256_digest

IMAGE = Descriptor(media_type=OCI_MANIFEST, digest=sha256_digest(b"the image"), size=9)


def read(store: MemoryContent, *, limit: int = 100, limits: Limits = DEFAULT_LIMITS) -> list[Attached | Unreadable]:
    return list(read_artifacts(store, IMAGE.digest, types={CYCLONEDX_JSON, SPDX_JSON}, limit=limit, limits=limits))


def test_artifacts_of_the_wanted_types_are_read() -> None:
    store = MemoryContent()
    first = attach_artifact(store, IMAGE, b"one")
    attach_artifact(store, IMAGE, b"two", kind="application/vnd.example")
    third = attach_artifact(store, IMAGE, b"three", kind=SPDX_JSON)

    assert sorted(read(store), key=str) == sorted(
        [
            Attached(manifest=first.digest, artifact_type=CYCLONEDX_JSON, data=b"one"),
            Attached(manifest=third.digest, artifact_type=SPDX_JSON, data=b"three"),
        ],
        key=str,
    )


def test_nothing_is_attached() -> None:
    assert read(MemoryContent()) == []
    assert read(MemoryContent(api=False)) == []


def test_what_cannot_be_read_is_handed_out() -> None:
    store = MemoryContent()
    two = attach_artifact(store, IMAGE, b"a", b"b")
    message = f"the manifest `{two.digest}` has 2 layers; an artifact's has one"

    assert read(store) == [Unreadable(manifest=two.digest, reason=Reason.UNREADABLE, message=message)]


def test_a_layer_that_is_too_large() -> None:
    store = MemoryContent()
    attach_artifact(store, IMAGE, b"four")

    assert [each.reason for each in read(store, limit=3) if isinstance(each, Unreadable)] == [Reason.LIMIT_EXCEEDED]


def test_more_than_are_fetched() -> None:
    store = MemoryContent()
    for data in (b"one", b"two"):
        attach_artifact(store, IMAGE, data)

    found = read(store, limits=Limits(referrers_fetched=1))

    assert isinstance(found[0], Attached)
    message = "2 artifacts refer to the image; only 1 were looked at"
    assert found[1:] == [Unreadable(manifest=None, reason=Reason.LIMIT_EXCEEDED, message=message)]


def test_a_fallback_tag_that_is_no_index() -> None:
    store = MemoryContent(api=False)
    store.push_manifest(b'{"schemaVersion": 2, "config": {}, "layers": []}', media_type=OCI_MANIFEST)
    store.tags[fallback_tag(IMAGE.digest)] = next(iter(store.manifests))  # type: ignore[assignment]  # its own digests

    assert [each.reason for each in read(store) if isinstance(each, Unreadable)] == [Reason.UNREADABLE]
