"""Random access to one database file, which may be larger than what should be held in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

BLOCK: Final = 1024 * 1024
"""Bytes that `Content.blocks` gives at once; a multiple of every page size."""

Trouble = Callable[[str], None]
"""Told what is wrong with one entry of a database that can be read otherwise; raises when it has heard enough."""


class Content:
    """The bytes of a file.

    Attributes:
        size: how many there are.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self._stream = stream

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes.

        Raises:
            ValueError: the file ends before.
        """
        if offset < 0 or length < 0 or offset + length > self.size:
            raise ValueError(f"{length} bytes at {offset} lie outside the file")
        self._stream.seek(offset)
        data = self._stream.read(length)
        while len(data) < length:
            more = self._stream.read(length - len(data))
            if not more:
                raise ValueError(f"the file ends before {offset + length} bytes")
            data += more
        return data

    def blocks(self) -> Iterator[bytes]:
        """The whole file in order, in blocks of which only the last may be shorter."""
        for start in range(0, self.size, BLOCK):
            yield self.read(start, min(BLOCK, self.size - start))


class Visited:
    """The pages that were followed: each belongs to one chain or one tree, so that loops and shared parts end."""

    def __init__(self, pages: int) -> None:
        self._seen = bytearray(pages)

    def enter(self, number: int) -> None:
        """Note page `number`, counted from 0.

        Raises:
            ValueError: there is no such page, or it was entered before.
        """
        if not 0 <= number < len(self._seen):
            raise ValueError(f"page {number} does not exist")
        if self._seen[number]:
            raise ValueError(f"page {number} is used twice")
        self._seen[number] = 1
