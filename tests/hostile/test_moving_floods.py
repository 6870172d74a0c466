"""Images that would never end to be copied: indexes in indexes, referrers of referrers, and too many of both."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.content import MemoryContent, push_image, push_referrer

from assaymark.attest.moving.cargo import Holder, collect
from assaymark.errors import LimitError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import OCI_CONFIG, OCI_INDEX
from assaymark.oci.content import StoredManifest

EMPTY = {"mediaType": OCI_CONFIG, "digest": "sha256:" + "0" * 64, "size": 2}


def refuse(store: MemoryContent, root: StoredManifest, told: str, *, size: int = 1_000_000) -> None:
    holder = Holder(store=store)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, moved_manifests=50, moved_manifest_bytes=size)
    with pytest.raises(LimitError, match=told):
        collect(holder, holder, root, limits=limits)


def test_indexes_in_indexes() -> None:
    store = MemoryContent()
    inner = push_image(store)
    for _ in range(DEFAULT_LIMITS.index_depth + 1):
        entry = {"mediaType": inner.descriptor.media_type, "digest": inner.descriptor.digest, "size": 1}
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
        inner = store.manifest(store.push_manifest(msgspec.json.encode(document), media_type=OCI_INDEX).digest)
    refuse(store, inner, "nests indexes deeper")


def test_referrers_of_referrers() -> None:
    store = MemoryContent()
    root = push_image(store)
    subject = root.descriptor.digest
    for _ in range(DEFAULT_LIMITS.index_depth + 1):
        subject = push_referrer(store, subject, {"config": EMPTY, "layers": []}).digest
    refuse(store, root, "refers to the image is nested deeper")


def test_too_many_of_them() -> None:
    store = MemoryContent()
    root = push_image(store)
    for number in range(60):
        note = {"n": str(number)}
        push_referrer(store, root.descriptor.digest, {"config": EMPTY, "layers": [], "annotations": note})
    refuse(store, root, "have more than 50 parts")


def test_large_ones() -> None:
    store = MemoryContent()
    root = push_image(store)
    for number in range(9):
        note = {"n": str(number) * 1_000}
        push_referrer(store, root.descriptor.digest, {"config": EMPTY, "layers": [], "annotations": note})
    refuse(store, root, "more than 9000 bytes", size=9_000)
