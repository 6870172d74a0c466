"""What can be done with one repository, be it on a registry or in an image layout on disk.

`assaymark.oci.registry.Repository` and `assaymark.oci.layout.Layout` offer it; attestation stores and artifact sources
use nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from typing import BinaryIO, Protocol

import msgspec

from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest


class StoredManifest(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest's exact bytes, and the descriptor that was computed from them."""

    data: bytes
    descriptor: Descriptor


class Taken(Enum):
    """How a blob came to be where it was wanted."""

    PRESENT = "was there"
    MOUNTED = "mounted"
    SENT = "sent"


Opener = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens a blob's bytes, from the front, each time it is called."""


class ContentStore(Protocol):
    """One repository. Every byte that is read is verified against its digest and size."""

    @property
    def name(self) -> str:
        """`registry/repository`, or the path of the layout: for messages."""
        ...

    def resolve(self, identifier: str) -> Descriptor | None:
        """The manifest that a tag or digest names; None where there is none."""
        ...

    def manifest(self, identifier: str) -> StoredManifest:
        """The manifest that a tag or digest names.

        Raises:
            NotFoundError: there is none.
            DigestMismatchError: it was asked for by digest and other bytes came.
            LimitError: it is larger than `Limits.manifest_bytes`.
        """
        ...

    def open_blob(self, descriptor: Descriptor) -> AbstractContextManager[BinaryIO]:
        """A blob's bytes, front to back; `DigestMismatchError` at their end when they are not what was promised."""
        ...

    def read_blob(self, descriptor: Descriptor, *, limit: int) -> bytes:
        """A whole small blob.

        Raises:
            LimitError: the descriptor promises more than `limit` bytes.
        """
        ...

    def push_blob(self, data: bytes, *, media_type: str) -> Descriptor:
        """Store a blob unless it is there."""
        ...

    def take_blob(self, descriptor: Descriptor, opened: Opener, *, origin: str = "") -> Taken:
        """Store a blob of any size unless it is there, as a stream.

        Args:
            descriptor: what it is; what `opened` gives is verified against it.
            opened: the bytes.
            origin: another repository of the same registry that has it, which may spare the sending; else empty.

        Raises:
            DigestMismatchError: these are not the bytes that were promised; nothing was stored.
        """
        ...

    def push_manifest(
        self, data: bytes, *, media_type: str, tag: str = "", replaces: Digest | None = None, artifact_type: str = ""
    ) -> Descriptor:
        """Store a manifest by digest, and under `tag` when one is given.

        `replaces` is the digest that the tag had when it was read (None: the tag did not exist). Where the server
        supports conditional requests a concurrent change raises `ConflictError`; the caller reads again and repeats.
        """
        ...

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...] | None:
        """What refers to `digest` (distribution-spec, "Listing Referrers"); None where the API is not offered."""
        ...

    def delete_manifest(self, identifier: str) -> None:
        """Remove a manifest by its digest, and the tags that lead to it where the registry does; or a tag by its name.

        Raises:
            NetworkError: the registry does not allow it.
        """
        ...
