"""Bundles beside an image, with a referrers API and without, alone and among other writers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.content import MemoryContent, describe, push_image, push_referrer
from tests.support.forgery import CREATED, RECORD, attestation, key

from assaymark.attest.attach import attach, confirm
from assaymark.attest.reasons import Reason
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Unreadable, fallback_tag
from assaymark.attest.store.bundle_store import push_bundle
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.updates import Pace
from assaymark.errors import ArtifactError, LimitError, NetworkError, SigningError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.layout import Layout

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
HASTE = Pace(sleep=lambda _seconds: None, jitter=lambda: 0.5)


def document(store: MemoryContent, identifier: str) -> Any:
    return msgspec.json.decode(store.manifest(identifier).data)


def push(store: MemoryContent, subject: Descriptor, bundle: bytes = b'{"a":1}', *, pace: Pace = HASTE) -> Descriptor:
    return push_bundle(store, subject, bundle, predicate_type="urn:t", created=CREATED, pace=pace)


def found(store: MemoryContent, digest: Digest) -> list[tuple[str, bytes | str]]:
    return [
        (item.reason.value, item.message) if isinstance(item, Unreadable) else (item.format.value, item.data)
        for item in read_attestations(store, digest)
    ]


def test_the_manifest_is_that_of_cosign() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    pushed = push(store, image)
    bundle = describe(b'{"a":1}', BUNDLE)
    assert document(store, pushed.digest) == {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": BUNDLE,
        "config": {
            "mediaType": OCI_EMPTY,
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": 2,
            "artifactType": BUNDLE,
        },
        "layers": [{"mediaType": BUNDLE, "digest": bundle.digest, "size": 7}],
        "subject": {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": image.size},
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": "urn:t",
            "org.opencontainers.image.created": CREATED,
        },
    }
    assert fallback_tag(image.digest) not in store.tags


def test_without_the_api_the_tag_lists_it_with_its_annotations() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    pushed = push(store, image)
    assert document(store, fallback_tag(image.digest)) == {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {
                "mediaType": OCI_MANIFEST,
                "digest": pushed.digest,
                "size": pushed.size,
                "artifactType": BUNDLE,
                "annotations": {
                    "dev.sigstore.bundle.content": "dsse-envelope",
                    "dev.sigstore.bundle.predicateType": "urn:t",
                    "org.opencontainers.image.created": CREATED,
                },
            }
        ],
    }


def test_entries_of_others_stay_and_all_are_sorted() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    tag = fallback_tag(image.digest)
    theirs = {"mediaType": OCI_MANIFEST, "digest": "sha256:" + "0" * 64, "size": 3, "unknown": {"x": 1}}
    last = {"mediaType": OCI_MANIFEST, "digest": "sha256:" + "f" * 64, "size": 3}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [last, theirs], "annotations": {"k": "v"}}
    store.push_manifest(msgspec.json.encode(index), media_type=OCI_INDEX, tag=tag)
    pushed = push(store, image)
    after = document(store, tag)
    assert (after["annotations"], [entry["digest"] for entry in after["manifests"]]) == (
        {"k": "v"},
        [theirs["digest"], pushed.digest, last["digest"]],
    )
    assert after["manifests"][0] == theirs


def test_the_same_bundle_twice_is_listed_once() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    push(store, image)
    before = dict(store.tags)
    push(store, image)
    assert before == store.tags


@pytest.mark.parametrize("conditional", [True, False], ids=["with conditional requests", "without"])
def test_a_concurrent_writer_loses_nothing(conditional: bool) -> None:
    store = MemoryContent(api=False, conditional=conditional)
    image = push_image(store).descriptor
    tag = fallback_tag(image.digest)
    others: list[Digest] = []

    def intrude(_tag: str) -> None:
        if len(others) < 2:
            before, after = store.before_push, store.after_push
            store.before_push = store.after_push = lambda _tag: None
            text = f'{{"other":{len(others)}}}'.encode()
            if not conditional:
                store.tags.pop(tag)  # the other writer had read the tag before ours was there
            others.append(push(store, image, text).digest)
            store.before_push, store.after_push = before, after

    if conditional:
        store.before_push = intrude
    else:
        store.after_push = intrude
    ours = push(store, image)
    listed = {entry["digest"] for entry in document(store, tag)["manifests"]}
    assert {ours.digest, others[-1]} <= listed


def test_a_tag_that_never_comes_to_rest_is_an_error() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    store.after_push = lambda tag: store.tags.clear()
    with pytest.raises(NetworkError, match="12 times"):
        push(store, image)


def test_a_registry_that_does_not_list_what_it_took_is_an_error() -> None:
    class Forgetful(MemoryContent):
        def referrers(self, digest: Digest) -> tuple[Descriptor, ...]:
            return ()

    store = Forgetful()
    with pytest.raises(NetworkError, match="does not list it"):
        push(store, push_image(store).descriptor)


def test_the_image_that_cosign_copied_to_the_tag_gives_way() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    store.tags[fallback_tag(image.digest)] = image.digest
    assert found(store, image.digest) == []
    push(store, image)
    assert found(store, image.digest) == [("bundle", b'{"a":1}')]


def test_another_image_at_the_tag_is_left_alone() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    store.tags[fallback_tag(image.digest)] = push_image(store, "another").descriptor.digest
    with pytest.raises(ArtifactError, match="left as it is"):
        push(store, image)
    assert found(store, image.digest)[0][0] == "UNREADABLE"


def test_a_full_index_is_an_error() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    limits = msgspec.structs.replace(DEFAULT_LIMITS, referrers_listed=0)
    with pytest.raises(LimitError, match="full"):
        push_bundle(store, image, b"{}", predicate_type="t", created=CREATED, limits=limits, pace=HASTE)


class TestReading:
    @pytest.mark.parametrize("api", [True, False], ids=["referrers API", "fallback tag"])
    def test_bundles_come_newest_first_and_other_things_not_at_all(self, api: bool) -> None:
        store = MemoryContent(api=api)
        image = push_image(store).descriptor
        old = store.push_blob(b"old", media_type=BUNDLE)
        new = store.push_blob(b"new", media_type=BUNDLE)
        config = store.push_blob(b"{}", media_type=OCI_EMPTY)
        push_bundle(store, image, b"old", predicate_type="t", created="2026-01-01T00:00:00Z", pace=HASTE)
        push_bundle(store, image, b"new", predicate_type="t", created="2026-01-02T00:00:00Z", pace=HASTE)
        push_referrer(store, image.digest, {"config": _json(config), "layers": [], "artifactType": "application/x"})
        assert found(store, image.digest) == [("bundle", b"new"), ("bundle", b"old")]
        assert old.digest != new.digest

    def test_artifact_types_are_not_believed(self) -> None:
        store = MemoryContent()
        image = push_image(store).descriptor
        config = store.push_blob(b"{}", media_type=OCI_EMPTY)
        layer = store.push_blob(b"bundle", media_type=BUNDLE)
        push_referrer(
            store, image.digest, {"config": _json(config), "layers": [_json(layer)], "artifactType": "application/x"}
        )
        push_referrer(store, image.digest, {"config": _json(config), "layers": [_json(config)]})
        assert found(store, image.digest) == [("bundle", b"bundle")]

    def test_what_cannot_be_read_is_said(self) -> None:
        store = MemoryContent()
        image = push_image(store).descriptor
        config = store.push_blob(b"{}", media_type=OCI_EMPTY)
        layer = store.push_blob(b"bundle", media_type=BUNDLE)
        parts = {"config": _json(config), "artifactType": BUNDLE}
        push_referrer(store, image.digest, parts | {"layers": [_json(layer), _json(layer)]})
        push_referrer(store, image.digest, parts | {"layers": [_json(layer) | {"size": 2**40}]})
        gone = _json(layer) | {"digest": "sha256:" + "0" * 64}
        push_referrer(store, image.digest, parts | {"layers": [gone]})
        assert sorted(reason for reason, _ in found(store, image.digest)) == [
            "LIMIT_EXCEEDED",
            "UNREADABLE",
            "UNREADABLE",
        ]

    def test_a_flood_of_referrers_is_cut_off_and_said(self) -> None:
        store = MemoryContent()
        image = push_image(store).descriptor
        for number in range(4):
            push(store, image, b"%d" % number)
        limits = msgspec.structs.replace(DEFAULT_LIMITS, referrers_fetched=3)
        items = list(read_attestations(store, image.digest, limits=limits))
        assert [isinstance(item, Candidate) for item in items] == [True, True, True, False]
        assert items[-1] == Unreadable(
            manifest=None, reason=Reason.LIMIT_EXCEEDED, message="4 manifests refer to the image; only 3 were looked at"
        )


class TestAttaching:
    @pytest.mark.parametrize("format_", list(AttestationFormat), ids=lambda format_: format_.value)
    @pytest.mark.parametrize("api", [True, False], ids=["referrers API", "fallback tag"])
    def test_what_is_attached_is_there(self, format_: AttestationFormat, api: bool) -> None:
        store = MemoryContent(api=api)
        made = attestation(subject=push_image(store).descriptor)
        attached = attach(store, made, format=format_, created=CREATED, pace=HASTE)
        verified = confirm(store, made, attached)
        assert [item.format for item in attached] == [item.format for item in verified]
        assert {RECORD} == {item.statement.predicate for item in verified}
        assert {key().public.fingerprint} == {item.key for item in verified}

    def test_an_image_layout_holds_attestations_too(self, tmp_path: Path) -> None:
        store = Layout(tmp_path / "layout", create=True)
        config = store.push_blob(b"{}", media_type=OCI_CONFIG)
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": _json(config), "layers": []}
        image = store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST, tag="v1")
        made = attestation(subject=image)
        attached = attach(store, made, format=AttestationFormat.BOTH, created=CREATED, pace=HASTE)
        again = Layout(tmp_path / "layout")
        assert [item.format for item in attached] == [item.format for item in confirm(again, made, attached)]

    def test_what_vanished_is_an_error(self) -> None:
        store = MemoryContent()
        made = attestation(subject=push_image(store).descriptor)
        attached = attach(store, made, format=AttestationFormat.BUNDLE, created=CREATED, pace=HASTE)
        store.delete_manifest(attached[0].manifest.digest)
        with pytest.raises(SigningError, match="cannot be read back"):
            confirm(store, made, attached)


def _json(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
