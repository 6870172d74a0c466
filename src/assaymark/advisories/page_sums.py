"""Checksums of a database's blocks, kept beside it: what BoltDB itself does not have.

A database is verified against its digest when it is downloaded, and then lies on a disk for days. Hashing it before
every scan would cost more than the scan, so the download notes a CRC-32 for every block of 4 KiB, and reading checks
each block once, when it is first touched. That finds bits that rot and pages that were lost; it is no defence against
somebody who can write to the cache, and a database that was placed there by hand has no such file.
"""

from __future__ import annotations

import mmap
import zlib
from array import array
from pathlib import Path
from typing import Final

from assaymark.errors import DatabaseError

BLOCK: Final = 4096
_ITEM: Final = array("I").itemsize


class SumWriter:
    """Collects the checksums of a file while it is written."""

    def __init__(self) -> None:
        self._sums = array("I")
        self._rest = b""

    def update(self, data: bytes) -> None:
        """Add bytes."""
        data = self._rest + data if self._rest else data
        whole = len(data) - len(data) % BLOCK
        view = memoryview(data)
        self._sums.extend([zlib.crc32(view[at : at + BLOCK]) for at in range(0, whole, BLOCK)])
        self._rest = data[whole:]

    def finish(self) -> bytes:
        """The content of the checksum file: 32 bits a block, in this machine's byte order."""
        if self._rest:
            self._sums.append(zlib.crc32(self._rest))
            self._rest = b""
        return self._sums.tobytes()


class PageSums:
    """The checksums of one file; implements `assaymark.advisories.bolt.Sums`."""

    def __init__(self, sums: bytes, *, name: str) -> None:
        self._sums = memoryview(sums).cast("I")
        self._seen = bytearray(len(self._sums))
        self._name = name

    def verify(self, data: mmap.mmap | bytes, start: int, stop: int) -> None:
        """Check the blocks that hold the bytes from `start` to `stop`.

        Raises:
            DatabaseError: a block is not what was downloaded.
        """
        for block in range(start // BLOCK, min(-(-stop // BLOCK), len(self._seen))):
            if not self._seen[block]:
                if zlib.crc32(data[block * BLOCK : (block + 1) * BLOCK]) != self._sums[block]:
                    raise DatabaseError(
                        f"`{self._name}` has changed on disk since it was downloaded (block {block})",
                        hint="remove the file and run again without `--skip-db-update` to download the database anew",
                    )
                self._seen[block] = 1


def find_sums(path: Path, *, size: int, name: str) -> PageSums | None:
    """The checksums in the file at `path` for a database of `size` bytes; None where there are none for it."""
    try:
        sums = path.read_bytes() if path.stat().st_size == -(-size // BLOCK) * _ITEM else b""
    except OSError:
        return None
    return PageSums(sums, name=name) if sums else None
