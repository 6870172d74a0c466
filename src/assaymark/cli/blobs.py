"""BLOB on the command line: a file, `-` for stdin, or a digest of one that is elsewhere.

A file may have any size: it is read once, front to back, and never held in memory.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from assaymark.attest.sigstore.artifact import ALGORITHMS, Blob, blob_of_digest, blob_of_stream
from assaymark.cli.files import open_input

if TYPE_CHECKING:
    from assaymark.cli.console import Console


class NamedBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A file that attestations are about.

    Attributes:
        text: as typed; empty where only a digest is known.
        blob: its digests.
    """

    text: str
    blob: Blob

    @property
    def name(self) -> str:
        """The subject's name in statements: the last part of the path, as with cosign."""
        return PurePath(self.text).name

    @property
    def digest(self) -> str:
        """Its first digest, such as `sha256:…`."""
        return ":".join(self.blob.digests[0])

    @property
    def words(self) -> list[str]:
        """The arguments that name it once more."""
        if self.text and self.text != "-":
            return [self.text]
        algorithm, value = self.blob.digests[0]
        return ["--digest", value, "--digestAlg", algorithm]


def read_blob(text: str, console: Console, *, algorithms: Collection[str] = ("sha256",)) -> NamedBlob:
    """The file that `text` names.

    Raises:
        LocalError: it cannot be read.
    """
    with open_input(text, console) as stream:
        return NamedBlob(text=text, blob=blob_of_stream(stream, algorithms))


def find_blob_with_digest(digest: str) -> NamedBlob | None:
    """The file that a statement is about; None where its digest is of a kind that files are not verified by."""
    return blob_with_digest("", digest) if digest.partition(":")[0] in ALGORITHMS else None


def blob_with_digest(text: str, digest: str) -> NamedBlob:
    """The file that has `digest`, which is SHA-256 where it does not say; `text` only names it.

    Raises:
        UsageError: it is no digest.
    """
    return NamedBlob(text=text, blob=blob_of_digest(digest if ":" in digest else f"sha256:{digest}"))
