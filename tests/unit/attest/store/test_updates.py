"""How long a tag is watched after it was written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.content import MemoryContent

from assaymark.attest.store.updates import Pace, Revision, update_tag
from assaymark.model.descriptor import OCI_MANIFEST
from assaymark.oci.content import StoredManifest

OURS = b'{"schemaVersion":2,"ours":1}'
THEIRS = b'{"schemaVersion":2,"theirs":1}'


def write(store: MemoryContent, *, way: float, slept: list[float]) -> bytes:
    """Write `OURS` on a registry where the way from reading to writing takes `way` seconds."""

    def ticks() -> Iterator[float]:
        now = 0.0
        while True:
            yield now
            now += way

    ticking = ticks()
    pace = Pace(sleep=slept.append, jitter=lambda: 0.0, clock=lambda: next(ticking))

    def revise(_present: StoredManifest | None) -> Revision:
        return Revision(data=OURS, media_type=OCI_MANIFEST)

    written = update_tag(store, "t", revise=revise, holds=lambda present: present.data == OURS, pace=pace)
    return store.manifest(written.digest).data


@pytest.mark.parametrize(
    ("way", "moments"),
    [
        pytest.param(0.001, [0.05], id="a quick registry is watched for the least time"),
        pytest.param(0.1, [0.4], id="a slow one for a multiple of the way there"),
        pytest.param(60.0, [2.0], id="and none for ever"),
    ],
)
def test_the_moment_grows_with_the_way(way: float, moments: list[float]) -> None:
    slept: list[float] = []
    assert write(MemoryContent(), way=way, slept=slept) == OURS
    assert moments == slept


def test_after_a_collision_the_tag_is_watched_twice() -> None:
    store, slept = MemoryContent(conditional=False), list[float]()
    collisions = 1

    def intrude(tag: str) -> None:
        nonlocal collisions
        if collisions:
            collisions -= 1
            store.after_push = lambda _tag: None
            store.push_manifest(THEIRS, media_type=OCI_MANIFEST, tag=tag, replaces=store.tags[tag])

    store.after_push = intrude
    assert write(store, way=0.0, slept=slept) == OURS
    assert slept == [0.05, 0.05, 0.05, 0.05]  # watched, waited before the second try, watched twice


def test_a_writer_that_comes_late_is_noticed_at_the_second_look() -> None:
    store = MemoryContent(conditional=False)
    store.push_manifest(THEIRS, media_type=OCI_MANIFEST, tag="t")
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) in {1, 4}:  # both while it is being watched
            store.push_manifest(THEIRS, media_type=OCI_MANIFEST, tag="t", replaces=store.tags["t"])

    pace = Pace(sleep=sleep, jitter=lambda: 0.0, clock=lambda: 0.0)
    revision = Revision(data=OURS, media_type=OCI_MANIFEST)
    update_tag(store, "t", revise=lambda _present: revision, holds=lambda present: present.data == OURS, pace=pace)
    assert store.manifest("t").data == OURS
