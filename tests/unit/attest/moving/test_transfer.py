"""Sets at cosign's tags: which takes the place of which, where something is at the destination already."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.content import MemoryContent, push_image

from assaymark.attest.moving.cargo import Holder, collect
from assaymark.attest.moving.transfer import transfer
from assaymark.attest.store.attestation import legacy_tag
from assaymark.attest.store.updates import Pace
from assaymark.errors import NetworkError, UsageError
from assaymark.model.descriptor import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import Taken

HASTE = Pace(sleep=lambda _seconds: None, jitter=lambda: 0.5)
SIGNATURE = "dev.cosignproject.cosign/signature"
PAYLOAD = b"the same for every signer"


def push_set(store: MemoryContent, tag: str, *signatures: str) -> Digest:
    """A set of cosign's signatures: one payload, and a signature in each layer's annotation."""
    config = store.push_blob(b"{}", media_type=OCI_CONFIG)
    layer = store.push_blob(PAYLOAD, media_type="application/vnd.dev.cosign.simplesigning.v1+json")
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described(config),
        "layers": [described(layer) | {"annotations": {SIGNATURE: each}} for each in signatures],
    }
    pushed = store.push_manifest(
        msgspec.json.encode(document), media_type=OCI_MANIFEST, tag=tag, replaces=store.tags.get(tag)
    )
    return pushed.digest


def described(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def bring(source: MemoryContent, target: MemoryContent, *, force: bool = False) -> None:
    holder = Holder(store=source)
    root = source.manifest("latest")
    transfer(collect(holder, holder, root), Holder(store=target), force=force, pace=HASTE)


@pytest.mark.parametrize(
    ("there", "coming", "left"),
    [
        pytest.param((), ("a", "b"), ("a", "b"), id="nothing is there"),
        pytest.param(("a",), ("a", "b"), ("a", "b"), id="everything that is there comes"),
        pytest.param(("b", "a"), ("a", "b"), ("b", "a"), id="everything that comes is there"),
        pytest.param(("a", "b"), ("b",), ("a", "b"), id="more is there"),
        pytest.param(("a",), ("b",), None, id="another signer's of the same payload"),
    ],
)
def test_signatures(there: tuple[str, ...], coming: tuple[str, ...], left: tuple[str, ...] | None) -> None:
    source, target = MemoryContent(), MemoryContent()
    tag = legacy_tag(push_image(source).descriptor.digest, "sig")
    brought = push_set(source, tag, *coming)
    if there:
        push_set(target, tag, *there)
    if left is None:
        with pytest.raises(UsageError, match="has 1 that would be lost"):
            bring(source, target)
        assert list(target.manifests) == [target.tags[tag]]  # nothing was written
        bring(source, target, force=True)
        assert target.tags[tag] == brought
        return
    bring(source, target)
    layers = msgspec.json.decode(target.manifest(tag).data)["layers"]
    assert tuple(layer["annotations"][SIGNATURE] for layer in layers) == left


def test_what_is_no_set_is_in_the_way() -> None:
    source, target = MemoryContent(), MemoryContent()
    image = push_image(source)
    tag = legacy_tag(image.descriptor.digest, "sbom")
    push_set(source, tag, "a")
    entry = described(push_image(target, "other").descriptor)
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    target.push_manifest(msgspec.json.encode(document), media_type=OCI_INDEX, tag=tag)
    with pytest.raises(UsageError, match="would be lost"):
        bring(source, target)


def test_what_was_done_is_counted() -> None:
    source, target = MemoryContent(), MemoryContent()
    root = push_image(source)
    here = Holder(store=source, registry="r", path="a")
    cargo = collect(here, here, root)
    there = Holder(store=target, registry="r", path="b")
    done = [transfer(cargo, there, tag="1", pace=HASTE).blobs for _ in range(2)]
    assert done == [
        {Taken.PRESENT: 0, Taken.MOUNTED: 1, Taken.SENT: 0},
        {Taken.PRESENT: 1, Taken.MOUNTED: 0, Taken.SENT: 0},
    ]
    assert target.tags["1"] == root.descriptor.digest


class Forgetful(MemoryContent):
    """It has the referrers API, and lists nothing."""

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...] | None:
        return ()


def test_a_registry_that_does_not_list_what_it_took_is_told_of() -> None:
    source = MemoryContent()
    root = push_image(source)
    subject = described(root.descriptor)
    config = described(source.push_blob(b"{}", media_type=OCI_CONFIG))
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [], "subject": subject}
    source.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST)
    with pytest.raises(NetworkError, match="does not list it"):
        bring(source, Forgetful())
