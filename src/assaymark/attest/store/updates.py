"""Changing what a tag points to while others do the same.

Several jobs of one pipeline attach to one image at once, and a tag is read, changed and written back: without care the
last writer wins and the others' attestations are lost. Registries that take conditional requests refuse the late writer
(`ConflictError`); the rest is caught by reading back after a moment. Either way the change is made again on what is
there then.

How long that moment is decides what can be lost: a writer that has read the tag before us and writes it after our
reading back takes our entry away. Other jobs meet the same registry on the same kind of machine, so the moment is a
multiple of our own way from reading to writing, and after a collision there are two.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import msgspec

from assaymark.errors import ConflictError, NetworkError, NotFoundError
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore, StoredManifest


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How a contended tag is written.

    Attributes:
        tries: how often.
        settle: the least seconds between writing and reading back.
        patience: how many times our own way from reading to writing another writer's may take.
        longest: the most seconds between writing and reading back.
        clock: measures that way.
        sleep: waits.
        jitter: a number from 0 to 1, so that two writers do not stay in step.
    """

    tries: int = 12
    settle: float = 0.05
    patience: float = 4.0
    longest: float = 2.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


DEFAULT_PACE = Pace()


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be at the tag; None as `data` where what is there will do."""

    data: bytes | None
    media_type: str
    artifact_type: str = ""


def update_tag(
    store: ContentStore,
    tag: str,
    *,
    revise: Callable[[StoredManifest | None], Revision],
    holds: Callable[[StoredManifest], bool],
    pace: Pace = DEFAULT_PACE,
) -> Descriptor:
    """Put `revise(what is there)` at `tag` until `holds(what is there)`.

    Raises:
        NetworkError: others kept changing the tag.
        ArtifactError: what is there cannot be revised.
    """
    for attempt in range(pace.tries):
        if attempt:
            pace.sleep(pace.settle * (attempt + pace.jitter()))
        begun = pace.clock()
        present = read_tag(store, tag)
        revision = revise(present)
        if revision.data is None and present is not None:
            return present.descriptor
        written = _write(store, tag, revision, replaces=present.descriptor.digest if present else None)
        if written is None:
            continue
        moment = min(max(pace.settle, pace.patience * (pace.clock() - begun)), pace.longest)
        stayed = _stayed(store, tag, holds, pace, moments=[moment] * (2 if attempt else 1))
        if stayed is not None:
            return stayed
    raise NetworkError(
        f"the tag `{tag}` of `{store.name}` was changed by others {pace.tries} times while it was being written",
        hint="run the command again when fewer jobs attach to this image at once",
    )


def read_tag(store: ContentStore, tag: str) -> StoredManifest | None:
    """What is at `tag`; None where it does not exist."""
    try:
        return store.manifest(tag)
    except NotFoundError:
        return None


def _stayed(
    store: ContentStore, tag: str, holds: Callable[[StoredManifest], bool], pace: Pace, *, moments: list[float]
) -> Descriptor | None:
    """What is at the tag after the moments, if it held each time."""
    descriptor = None
    for moment in moments:
        pace.sleep(moment * (1 + pace.jitter()))
        present = read_tag(store, tag)
        if present is None or not holds(present):
            return None
        descriptor = present.descriptor
    return descriptor


def _write(store: ContentStore, tag: str, revision: Revision, *, replaces: Digest | None) -> Descriptor | None:
    try:
        return store.push_manifest(
            revision.data or b"",
            media_type=revision.media_type,
            tag=tag,
            replaces=replaces,
            artifact_type=revision.artifact_type,
        )
    except ConflictError:
        return None
