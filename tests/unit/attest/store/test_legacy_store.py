"""Envelopes at the `.att` tag."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.content import MemoryContent, describe, push_image

from assaymark.attest.reasons import Reason
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Unreadable, legacy_tag
from assaymark.attest.store.legacy_store import APPENDING, LegacyManner, push_legacy, remove_layers
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.updates import Pace
from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor

DSSE = "application/vnd.dsse.envelope.v1+json"
HASTE = Pace(sleep=lambda _seconds: None, jitter=lambda: 0.5)
LEGACY = (AttestationFormat.LEGACY,)
SIGNATURE = "dev.cosignproject.cosign/signature"


def push(
    store: MemoryContent,
    image: Descriptor,
    envelope: bytes,
    *,
    kind: str = "urn:t",
    manner: LegacyManner = APPENDING,
    limits: Limits = DEFAULT_LIMITS,
) -> Descriptor:
    return push_legacy(store, image, envelope, predicate_type=kind, manner=manner, limits=limits, pace=HASTE)


def layer(data: bytes, **annotations: str) -> dict[str, Any]:
    descriptor = describe(data, DSSE)
    return {
        "mediaType": DSSE,
        "size": descriptor.size,
        "digest": descriptor.digest,
        "annotations": {SIGNATURE: ""} | annotations,
    }


def digests(store: MemoryContent, image: Descriptor) -> list[str]:
    return [each["digest"] for each in document(store, legacy_tag(image.digest))["layers"]]


def document(store: MemoryContent, tag: str) -> Any:
    return msgspec.json.decode(store.manifest(tag).data)


def test_an_attestation_is_appended_as_cosign_does_it() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    push(store, image, b"one")
    push(store, image, b"two", kind="urn:u")
    manifest = document(store, legacy_tag(image.digest))
    config = {
        "architecture": "",
        "created": "0001-01-01T00:00:00Z",
        "history": [{"created": "0001-01-01T00:00:00Z"}] * 2,
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [describe(b"one", DSSE).digest, describe(b"two", DSSE).digest]},
        "config": {},
    }
    encoded = describe(msgspec.json.encode(config), OCI_CONFIG)
    assert manifest == {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "size": encoded.size, "digest": encoded.digest},
        "layers": [layer(b"one", predicateType="urn:t"), layer(b"two", predicateType="urn:u")],
    }
    assert msgspec.json.decode(store.blobs[encoded.digest]) == config


def test_the_same_envelope_is_not_added_again() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    assert push(store, image, b"one") == push(store, image, b"one")


def test_annotations_of_others_stay() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    theirs = layer(b"one", **{"dev.sigstore.cosign/bundle": "{}"})
    _store(store, image, {"layers": [theirs]})
    push(store, image, b"two")
    assert document(store, legacy_tag(image.digest))["layers"][0] == theirs


def test_layers_go_and_the_others_stay() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    for data in (b"one", b"two", b"three"):
        push(store, image, data)
    gone = {describe(b"two", "").digest, describe(b"never there", "").digest}
    for _ in range(2):  # again: nothing is left to remove
        assert remove_layers(store, image.digest, gone, pace=HASTE) is None
        assert digests(store, image) == [describe(b"one", "").digest, describe(b"three", "").digest]


def test_a_set_is_not_left_without_layers() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    assert remove_layers(store, image.digest, [describe(b"one", "").digest], pace=HASTE) is None
    push(store, image, b"one")
    before = store.manifest(legacy_tag(image.digest)).descriptor.digest
    assert remove_layers(store, image.digest, [describe(b"one", "").digest], pace=HASTE) == before
    assert digests(store, image) == [describe(b"one", "").digest]


def test_dockers_media_types_are_written_where_asked_for_and_kept() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    push(store, image, b"one", manner=LegacyManner(docker=True))
    push(store, image, b"two")
    manifest = document(store, legacy_tag(image.digest))
    assert (manifest["mediaType"], manifest["config"]["mediaType"]) == (DOCKER_MANIFEST, DOCKER_CONFIG)
    assert store.manifest(legacy_tag(image.digest)).descriptor.media_type == DOCKER_MANIFEST


@pytest.mark.parametrize("conditional", [True, False], ids=["with conditional requests", "without"])
def test_a_concurrent_writer_loses_nothing(conditional: bool) -> None:
    store = MemoryContent(conditional=conditional)
    image = push_image(store).descriptor
    tag = legacy_tag(image.digest)

    def intrude(_tag: str) -> None:
        store.before_push = store.after_push = lambda _tag: None
        if not conditional:
            store.tags.pop(tag)
        push(store, image, b"theirs")

    if conditional:
        store.before_push = intrude
    else:
        store.after_push = intrude
    push(store, image, b"ours")
    assert [item["digest"] for item in document(store, tag)["layers"]] == [
        describe(b"theirs", DSSE).digest,
        describe(b"ours", DSSE).digest,
    ]


def test_an_index_at_the_tag_is_left_alone() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    store.push_manifest(msgspec.json.encode(index), media_type=OCI_INDEX, tag=legacy_tag(image.digest))
    with pytest.raises(ArtifactError, match="left as it is"):
        push(store, image, b"one")
    (found,) = read_attestations(store, image.digest, formats=LEGACY)
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(msgspec.structs.replace(DEFAULT_LIMITS, legacy_layers=1), id="too many layers"),
        pytest.param(msgspec.structs.replace(DEFAULT_LIMITS, manifest_bytes=600), id="too large a manifest"),
    ],
)
def test_a_full_tag_is_an_error(limits: Limits) -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    push(store, image, b"one", limits=limits)
    with pytest.raises(LimitError):
        push(store, image, b"two", limits=limits)


def test_envelopes_are_read_whatever_their_media_type() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    _store(store, image, {"layers": [layer(b"one") | {"mediaType": "text/plain"}]})
    (found,) = read_attestations(store, image.digest)
    assert isinstance(found, Candidate)
    assert (found.format, found.data) == (AttestationFormat.LEGACY, b"one")


def test_what_is_no_attestation_is_said() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    bare = {name: value for name, value in layer(b"one").items() if name != "annotations"}
    gone = layer(b"gone")
    _store(store, image, {"layers": [bare, gone, layer(b"two"), layer(b"three")]})
    del store.blobs[gone["digest"]]
    limits = msgspec.structs.replace(DEFAULT_LIMITS, legacy_layers=3)
    items = list(read_attestations(store, image.digest, limits=limits))
    assert [item.reason if isinstance(item, Unreadable) else item.data for item in items] == [
        Reason.UNREADABLE,
        Reason.UNREADABLE,
        b"two",
        Reason.LIMIT_EXCEEDED,
    ]


def _store(store: MemoryContent, image: Descriptor, manifest: dict[str, Any]) -> None:
    for data in (b"one", b"two", b"three", b"gone"):
        store.push_blob(data, media_type=DSSE)
    config = store.push_blob(b"{}", media_type=OCI_CONFIG)
    full = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "size": config.size, "digest": config.digest},
    }
    store.push_manifest(msgspec.json.encode(full | manifest), media_type=OCI_MANIFEST, tag=legacy_tag(image.digest))
