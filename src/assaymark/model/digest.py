"""Content digests (OCI image-spec, "Digests"): `algorithm:hex` in lower case.

Only `sha256` and `sha512` are registered algorithms; everything else is refused, because what cannot be computed cannot
be verified.
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType, Protocol

from assaymark.errors import ArtifactError

Digest = NewType("Digest", str)
"""The digest of bytes as they are stored: a manifest, a config, a (compressed) layer blob."""

DiffId = NewType("DiffId", str)
"""The digest of a layer's uncompressed tar stream."""

_PATTERN = re.compile(r"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")


class Hasher(Protocol):
    """What hashlib's objects offer and we use."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Add bytes."""

    def hexdigest(self) -> str:
        """The digest so far in lower-case hex."""
        ...


def is_digest(text: str) -> bool:
    """Whether `text` is a well-formed digest of an algorithm that can be verified here."""
    return _PATTERN.match(text) is not None


def parse_digest(text: str) -> Digest:
    """The digest that `text` spells.

    Raises:
        ArtifactError: not `sha256:` or `sha512:` followed by lower-case hex of the right length.
    """
    if not is_digest(text):
        raise ArtifactError(f"`{text[:140]}` is not a digest (`sha256:` and 64 lower-case hex digits)")
    return Digest(text)


def sha256_digest(data: bytes) -> Digest:
    """The `sha256:` digest of `data`."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def hasher(digest: str) -> Hasher:
    """A fresh hash object for the algorithm that `digest` names."""
    return hashlib.new(parse_digest(digest).partition(":")[0])
