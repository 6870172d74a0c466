"""The index that stands in for a missing referrers API: what is added, what goes, and what others do meanwhile."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.content import MemoryContent, describe, push_image

from assaymark.attest.store.attestation import fallback_tag
from assaymark.attest.store.fallback_index import add_to_fallback, fallback_referrers, remove_from_fallback
from assaymark.attest.store.removal import Refused, Removal, Spot, remove_referrers, remove_spots
from assaymark.attest.store.updates import Pace
from assaymark.errors import ArtifactError, NetworkError, OfflineError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest

HASTE = Pace(sleep=lambda _seconds: None, jitter=lambda: 0.5)
ONE, TWO, THREE = (
    Descriptor(media_type=OCI_MANIFEST, digest=Digest(f"sha256:{mark * 64}"), size=7, annotations=(("n", mark),))
    for mark in "123"
)


@pytest.fixture
def store() -> MemoryContent:
    return MemoryContent(api=False)


def add(store: MemoryContent, image: Descriptor, *referrers: Descriptor) -> None:
    add_to_fallback(store, image.digest, referrers, pace=HASTE)


def remove(store: MemoryContent, image: Descriptor, *referrers: Descriptor) -> None:
    remove_from_fallback(store, image.digest, [each.digest for each in referrers], pace=HASTE)


def listed(store: MemoryContent, image: Descriptor) -> list[str]:
    return [entry.digest for entry in fallback_referrers(store, image.digest, limits=DEFAULT_LIMITS)]


def place(store: MemoryContent, image: Descriptor, **members: Any) -> None:
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []} | members
    tag = fallback_tag(image.digest)
    store.push_manifest(msgspec.json.encode(document), media_type=OCI_INDEX, tag=tag, replaces=store.tags.get(tag))


def test_entries_come_sorted_and_once(store: MemoryContent) -> None:
    image = push_image(store).descriptor
    add(store, image, THREE, ONE)
    add(store, image, TWO, ONE)
    assert listed(store, image) == [ONE.digest, TWO.digest, THREE.digest]
    assert fallback_referrers(store, image.digest, limits=DEFAULT_LIMITS)[0].annotations == (("n", "1"),)


def test_what_goes_leaves_the_others_as_they_are(store: MemoryContent) -> None:
    image = push_image(store).descriptor
    theirs = {"mediaType": OCI_MANIFEST, "digest": "sha256:" + "9" * 64, "size": 1, "x-theirs": True}
    place(store, image, manifests=[theirs], annotations={"kept": "yes"})
    add(store, image, ONE)
    remove(store, image, ONE, TWO)
    document = msgspec.json.decode(store.manifest(fallback_tag(image.digest)).data)
    assert (document["manifests"], document["annotations"]) == ([theirs], {"kept": "yes"})


def test_nothing_to_remove_writes_nothing(store: MemoryContent) -> None:
    image = push_image(store).descriptor
    remove(store, image, ONE)
    assert fallback_tag(image.digest) not in store.tags
    add(store, image, ONE)
    before = dict(store.tags)
    remove(store, image, TWO)
    assert store.tags == before


def test_an_empty_index_stays(store: MemoryContent) -> None:
    image = push_image(store).descriptor
    add(store, image, ONE)
    remove(store, image, ONE)
    assert (listed(store, image), fallback_tag(image.digest) in store.tags) == ([], True)


@pytest.mark.parametrize("conditional", [True, False], ids=["with conditions", "without"])
def test_an_entry_that_comes_meanwhile_is_not_lost(store: MemoryContent, conditional: bool) -> None:
    store.conditional = conditional
    image = push_image(store).descriptor
    add(store, image, ONE)
    waiting = [TWO]

    def somebody_adds(_tag: str) -> None:
        if waiting:
            entry = waiting.pop()
            document = msgspec.json.decode(store.manifest(fallback_tag(image.digest)).data)
            document["manifests"].append({"mediaType": OCI_MANIFEST, "digest": entry.digest, "size": 7})
            data = msgspec.json.encode(document)
            store.tags[fallback_tag(image.digest)] = describe(data, OCI_INDEX).digest
            store.manifests[describe(data, OCI_INDEX).digest] = (data, OCI_INDEX)

    if conditional:
        store.before_push = somebody_adds
    else:
        store.after_push = somebody_adds
    remove(store, image, ONE)
    assert listed(store, image) == [TWO.digest]


def test_another_image_at_the_tag_is_an_error(store: MemoryContent) -> None:
    image = push_image(store).descriptor
    store.tags[fallback_tag(image.digest)] = push_image(store, "another").descriptor.digest
    for change in (add, remove):
        with pytest.raises(ArtifactError, match="left as it is"):
            change(store, image, ONE)


class Stubborn(MemoryContent):
    """It deletes nothing, and says so in its own way."""

    failure: NetworkError = NetworkError("cannot delete: status 405")

    def delete_manifest(self, identifier: str) -> None:
        raise self.failure


@pytest.mark.parametrize("api", [True, False], ids=["with the API", "without"])
def test_a_refusal_is_told(api: bool) -> None:
    store = Stubborn(api=api)
    image = push_image(store).descriptor
    if not api:
        add(store, image, ONE)
    done = remove_referrers(store, image.digest, [ONE.digest], pace=HASTE)
    refused = Refused(manifest=ONE.digest, message="cannot delete: status 405", unlisted=not api)
    assert done == Removal(refused=(refused,))


def test_without_a_connection_nothing_is_refused() -> None:
    store = Stubborn()
    store.failure = OfflineError("no")
    with pytest.raises(OfflineError):
        remove_referrers(store, ONE.digest, [ONE.digest], pace=HASTE)


def test_nothing_to_remove_asks_nobody() -> None:
    assert remove_spots(Stubborn(), ONE.digest, list[Spot]()) == Removal()
