"""Whether a statement is about an image.

A subject is matched on algorithm and lower-case hex, nothing else: not on its name, not on `sha256:` in front of the
hex, not on the same hex under another algorithm. A subject whose `sha256` is right and whose other digests are wrong
contradicts itself and is refused, so the manifest's bytes are hashed with every algorithm that a subject may name.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from assaymark.attest.statement import Subject
from assaymark.model.descriptor import Descriptor
from assaymark.oci.content import StoredManifest

_ALGORITHMS: Final = ("sha256", "sha384", "sha512")


class ImageDigests(msgspec.Struct, frozen=True, kw_only=True):
    """The digests that an image's manifest has, as (algorithm, hex) pairs; the first is the one it is stored under."""

    digests: tuple[tuple[str, str], ...]

    def are_meant_by(self, subject: Subject) -> bool:
        """Whether `subject` names this image and no digest of it contradicts that."""
        named = dict(subject.digests)
        stored_under = self.digests[0][0]
        return stored_under in named and all(named.get(name, value) == value for name, value in self.digests)


def digests_of_manifest(stored: StoredManifest) -> ImageDigests:
    """Every digest of a manifest whose bytes are at hand."""
    first = digests_of_descriptor(stored.descriptor).digests
    others = [name for name in _ALGORITHMS if name != first[0][0]]
    return ImageDigests(digests=(*first, *((name, hashlib.new(name, stored.data).hexdigest()) for name in others)))


def digests_of_descriptor(descriptor: Descriptor) -> ImageDigests:
    """The one digest that is known without the bytes."""
    algorithm, _, value = descriptor.digest.partition(":")
    return ImageDigests(digests=((algorithm, value),))
