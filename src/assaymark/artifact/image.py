"""Opened images and their layers, whatever source they come from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO

import msgspec

from assaymark.model.artifact import ImageIdentity, LayerBlob
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import DiffId, Digest

OpenBlob = Callable[[Descriptor], AbstractContextManager[BinaryIO]]


class OpenedImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image whose layers can be read.

    Attributes:
        stored_size: bytes of all layers as they are stored; 0 where it is not known before they are read.
    """

    identity: ImageIdentity
    layers: tuple[LayerBlob, ...]
    stored_size: int = 0


class BlobLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that is a blob with a digest, of a registry or an image layout; its reader verifies it."""

    diff_id: DiffId
    descriptor: Descriptor
    opener: OpenBlob

    @property
    def digest(self) -> Digest:
        """The digest of the stored bytes."""
        return self.descriptor.digest

    @property
    def size(self) -> int | None:
        """What the manifest promises."""
        return self.descriptor.size

    @property
    def cache_identity(self) -> str:
        """The digest: whoever reads the layer to its end has verified it."""
        return self.descriptor.digest

    def open(self) -> AbstractContextManager[BinaryIO]:
        """The stored bytes, verified at their end."""
        return self.opener(self.descriptor)
