"""What belongs to an image: its parts, what is attached to each, and how much of that there may be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.content import MemoryContent, push_image, push_referrer

from assaymark.attest.moving.cargo import COSIGN_SIGNATURE, Cargo, Holder, Kind, collect, kind_of
from assaymark.attest.store.attestation import fallback_tag, legacy_tag
from assaymark.errors import NotFoundError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import StoredManifest
from assaymark.oci.manifest import parse_manifest

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY = {"mediaType": OCI_CONFIG, "digest": "sha256:" + "0" * 64, "size": 2}
ABSENT = Digest("sha256:" + "0" * 64)


def gathered(store: MemoryContent, root: StoredManifest, *, limits: Limits = DEFAULT_LIMITS, only: Any = ()) -> Cargo:
    holder = Holder(store=store)
    return collect(holder, holder, root, only=only, limits=limits)


def push_index(store: MemoryContent, *entries: Descriptor) -> StoredManifest:
    listed = [{"mediaType": each.media_type, "digest": each.digest, "size": each.size} for each in entries]
    data = msgspec.json.encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed})
    return store.manifest(store.push_manifest(data, media_type=OCI_INDEX).digest)


def refer(store: MemoryContent, subject: Digest, **members: Any) -> Digest:
    return push_referrer(store, subject, {"config": EMPTY, "layers": [], **members}).digest


def test_parts_come_before_what_lists_them_and_once() -> None:
    store = MemoryContent()
    one, two = (push_image(store, name).descriptor for name in ("one", "two"))
    inner = push_index(store, two, one)
    root = push_index(store, one, inner.descriptor)
    parts = [one.digest, two.digest, inner.descriptor.digest, root.descriptor.digest]
    assert [piece.digest for piece in gathered(store, root).image] == parts


def test_everything_attached_to_any_part_comes_along() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    root = push_index(store, image)
    bundle = refer(store, image.digest, artifactType=BUNDLE)
    signature = refer(store, bundle, artifactType="application/vnd.cncf.notary.signature")
    bill = refer(store, root.descriptor.digest, artifactType="application/spdx+json")
    store.tags[legacy_tag(image.digest)] = push_image(store, "att").descriptor.digest
    store.tags[legacy_tag(root.descriptor.digest, "sig")] = push_image(store, "sig").descriptor.digest
    cargo = gathered(store, root)
    assert [(piece.tag, piece.subject) for piece in cargo.tagged] == [
        (legacy_tag(image.digest), image.digest),
        (legacy_tag(root.descriptor.digest, "sig"), root.descriptor.digest),
    ]
    assert [(piece.digest, piece.subject) for piece in cargo.referring] == [
        (bundle, image.digest),
        (signature, bundle),
        (bill, root.descriptor.digest),
    ]


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        pytest.param({"artifactType": BUNDLE}, Kind.ATTESTATIONS, id="a bundle"),
        pytest.param(
            {"artifactType": BUNDLE, "annotations": {"dev.sigstore.bundle.predicateType": COSIGN_SIGNATURE}},
            Kind.SIGNATURES,
            id="cosign's signature",
        ),
        pytest.param({"layers": [EMPTY | {"mediaType": BUNDLE}]}, Kind.ATTESTATIONS, id="a bundle without its type"),
        pytest.param({"artifactType": "application/vnd.cyclonedx+json"}, Kind.BILLS, id="CycloneDX"),
        pytest.param({"artifactType": "text/spdx"}, Kind.BILLS, id="SPDX"),
        pytest.param({"artifactType": "application/vnd.cncf.notary.signature"}, Kind.OTHERS, id="another's signature"),
    ],
)
def test_kinds(members: dict[str, Any], kind: Kind) -> None:
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": EMPTY, "layers": [], **members}
    assert kind_of(parse_manifest(msgspec.json.encode(document), OCI_MANIFEST, limits=DEFAULT_LIMITS)) is kind


def test_who_wants_one_kind_gets_no_image() -> None:
    store = MemoryContent()
    root = push_image(store)
    bill = refer(store, root.descriptor.digest, artifactType="text/spdx")
    refer(store, root.descriptor.digest, artifactType=BUNDLE)
    cargo = gathered(store, root, only={Kind.BILLS})
    assert (cargo.image, [piece.digest for piece in cargo.referring]) == ((), [bill])


def test_layers_that_registries_need_not_have_are_left_out() -> None:
    store = MemoryContent()
    foreign = ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
               "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")  # fmt: skip
    layers = [
        {"mediaType": kind, "digest": f"sha256:{n * 64}", "size": 1} for n, kind in zip("12", foreign, strict=True)
    ]
    kept = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + "3" * 64, "size": 1}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": EMPTY, "layers": [*layers, kept, kept]}
    pushed = store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST)
    (piece,) = gathered(store, store.manifest(pushed.digest)).image
    assert [blob.digest for blob in piece.blobs] == [EMPTY["digest"], kept["digest"]]


def test_a_part_that_is_not_there_is_an_error() -> None:
    store = MemoryContent()
    with pytest.raises(NotFoundError):
        gathered(store, push_index(store, Descriptor(media_type=OCI_MANIFEST, digest=ABSENT, size=1)))


def test_what_is_listed_and_gone_is_said() -> None:
    store = MemoryContent(api=False)
    root = push_image(store)
    entry = {"mediaType": OCI_MANIFEST, "digest": ABSENT, "size": 1}
    data = msgspec.json.encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
    store.push_manifest(data, media_type=OCI_INDEX, tag=fallback_tag(root.descriptor.digest))
    cargo = gathered(store, root)
    assert (cargo.referring, [text[:10] for text in cargo.missing]) == ((), ["`sha256:00"])


def test_what_is_listed_and_refers_to_something_else_is_not_taken() -> None:
    store = MemoryContent(api=False)
    root, other = push_image(store), push_image(store, "other")
    listed = refer(store, other.descriptor.digest, artifactType=BUNDLE)
    entry = {"mediaType": OCI_MANIFEST, "digest": listed, "size": 1}
    data = msgspec.json.encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
    store.push_manifest(data, media_type=OCI_INDEX, tag=fallback_tag(root.descriptor.digest))
    assert gathered(store, root).referring == ()
