"""A Merkle tree (RFC 6962, section 2.1), small enough to be computed anew for every question."""

from __future__ import annotations

import hashlib
from functools import lru_cache


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


class MerkleTree:
    """Leaves by their hashes, in order."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []

    def append(self, data: bytes) -> int:
        """Add one leaf; returns its index."""
        self.leaves.append(leaf_hash(data))
        return len(self.leaves) - 1

    def root(self, size: int) -> bytes:
        """MTH of the first `size` leaves."""
        return _root(tuple(self.leaves[:size]))

    def proof(self, index: int, size: int) -> list[bytes]:
        """PATH: the hashes from the leaf up to the root of the first `size` leaves."""
        return _path(index, tuple(self.leaves[:size]))


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


@lru_cache(maxsize=4096)
def _root(leaves: tuple[bytes, ...]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = _split(len(leaves))
    return hashlib.sha256(b"\x01" + _root(leaves[:middle]) + _root(leaves[middle:])).digest()


def _path(index: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*_path(index, leaves[:middle]), _root(leaves[middle:])]
    return [*_path(index - middle, leaves[middle:]), _root(leaves[:middle])]
