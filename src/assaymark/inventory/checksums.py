"""Checksums of files as packages have them: the algorithm, a colon, and lower-case hexadecimal."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, Final

PREFIX: Final = "sha1:"

_CHUNK: Final = 1 << 20


def sha1_of(stream: BinaryIO) -> str:
    """The SHA-1 of a seekable stream, from its beginning; the index of published archives is asked by it."""
    stream.seek(0)
    digest = hashlib.sha1(usedforsecurity=False)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return PREFIX + digest.hexdigest()
