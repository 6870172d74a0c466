"""What a signature or a statement should be about: a file, or an image.

An image has the digest that it is stored under, and a statement about it names that one
(`assaymark.attest.subject.ImageDigests`). A file has every digest that somebody took of it: a statement that names any
of them, and none that differs, is about it. Upper-case digits are read as what they are, because cosign does so for
files.

Rules: digests are SHA-256, SHA-384 or SHA-512. Of a file that is only known by one digest, only what was signed over
that digest can be verified; pure Ed25519 needs the bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import BinaryIO, Final

import msgspec

from assaymark.attest.statement import Subject
from assaymark.attest.subject import ImageDigests
from assaymark.errors import UsageError
from assaymark.safeio.readers import CHUNK

_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
ALGORITHMS: Final = tuple(_LENGTHS)
_HEX: Final = re.compile(r"[0-9a-fA-F]+\Z")


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """A file, by its digests as (algorithm, hex) pairs.

    Attributes:
        data: its bytes, where they are at hand.
    """

    digests: tuple[tuple[str, str], ...]
    data: bytes | None = None

    def are_meant_by(self, subject: Subject) -> bool:
        """Whether `subject` names the file and no digest of it contradicts that."""
        named = {name: value.lower() for name, value in subject.digests}
        common = [named[name] == value for name, value in self.digests if name in named]
        return bool(common) and all(common)


Artifact = Blob | ImageDigests


def blob_of_data(data: bytes) -> Blob:
    """The file with these bytes."""
    return Blob(digests=tuple((name, hashlib.new(name, data).hexdigest()) for name in _LENGTHS), data=data)


def blob_of_stream(stream: BinaryIO, algorithms: Collection[str]) -> Blob:
    """The file that `stream` gives, read to its end and not held in memory; only these digests of it are taken.

    Raises:
        OSError: it cannot be read.
    """
    hashers = {name: hashlib.new(name) for name in algorithms}
    while data := stream.read(CHUNK):
        for hasher in hashers.values():
            hasher.update(data)
    return Blob(digests=tuple((name, hasher.hexdigest()) for name, hasher in hashers.items()))


def blob_of_digest(text: str) -> Blob:
    """The file with a digest such as `sha256:…`.

    Raises:
        UsageError: it is no digest.
    """
    algorithm, _, value = text.partition(":")
    if _LENGTHS.get(algorithm) != len(value) or not _HEX.match(value):
        raise UsageError(f"`{text[:140]}` is not a digest", hint="write `sha256:` and 64 hexadecimal digits")
    return Blob(digests=((algorithm, value.lower()),))


def raw_digests(artifact: Artifact) -> Mapping[str, bytes]:
    """The digests as bytes."""
    return {name: bytes.fromhex(value) for name, value in artifact.digests}
