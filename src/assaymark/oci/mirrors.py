"""A repository that is read from mirrors first.

A mirror that fails, lacks the content or holds something else is passed over; the last word is the registry's own.
Every byte is verified wherever it came from, so a mirror can be stale for tags and cannot lie about digests. What is
written, deleted or listed as a referrer is asked of the registry itself: mirrors rarely carry attestations, and an
answer of "none" from one would hide them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, TypeVar

from assaymark.errors import ArtifactError, NetworkError, OfflineError
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore, Opener, StoredManifest, Taken

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


class Mirrored:
    """`primary`, with `mirrors` in front of its reading operations."""

    def __init__(self, primary: ContentStore, mirrors: Sequence[ContentStore]) -> None:
        self._primary = primary
        self._mirrors = mirrors

    @property
    def name(self) -> str:
        """The registry's own name for it."""
        return self._primary.name

    def resolve(self, identifier: str) -> Descriptor | None:
        """The manifest that a tag or digest names; None where there is none."""
        return self._first(lambda store: store.resolve(identifier))

    def manifest(self, identifier: str) -> StoredManifest:
        """The manifest that a tag or digest names."""
        return self._first(lambda store: store.manifest(identifier))

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[BinaryIO]:
        """A blob's bytes, from the first that has it."""
        with ExitStack() as stack:
            yield self._first(lambda store: stack.enter_context(store.open_blob(descriptor)))

    def read_blob(self, descriptor: Descriptor, *, limit: int) -> bytes:
        """A whole small blob."""
        return self._first(lambda store: store.read_blob(descriptor, limit=limit))

    def push_blob(self, data: bytes, *, media_type: str) -> Descriptor:
        """Store a blob on the registry itself."""
        return self._primary.push_blob(data, media_type=media_type)

    def take_blob(self, descriptor: Descriptor, opened: Opener, *, origin: str = "") -> Taken:
        """Store a blob of any size on the registry itself."""
        return self._primary.take_blob(descriptor, opened, origin=origin)

    def push_manifest(
        self, data: bytes, *, media_type: str, tag: str = "", replaces: Digest | None = None, artifact_type: str = ""
    ) -> Descriptor:
        """Store a manifest on the registry itself."""
        return self._primary.push_manifest(
            data, media_type=media_type, tag=tag, replaces=replaces, artifact_type=artifact_type
        )

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...] | None:
        """What refers to `digest`, by the registry's own word."""
        return self._primary.referrers(digest)

    def delete_manifest(self, identifier: str) -> None:
        """Remove a manifest or a tag from the registry itself."""
        self._primary.delete_manifest(identifier)

    def _first(self, read: Callable[[ContentStore], Value]) -> Value:
        for mirror in self._mirrors:
            try:
                value = read(mirror)
            except OfflineError:
                raise
            except (NetworkError, ArtifactError) as exc:
                logger.debug("mirror %s: %s", mirror.name, exc)
                continue
            if value is not None:
                return value
        return read(self._primary)
