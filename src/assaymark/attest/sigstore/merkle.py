"""Merkle trees of transparency logs (RFC 6962, section 2.1; RFC 9162, sections 2.1.1 and 2.1.3.2).

Leaves are hashed behind a zero byte and nodes behind a one, so that neither can pass for the other. The number of
hashes in a proof follows from index and size: one too few or too many is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_HASH_BYTES = 32


def hash_leaf(data: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_inclusion(*, leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which the leaf with the hash `leaf` stands at `index`.

    Raises:
        ValueError: there is no such place, or the proof does not have the length or hashes of its place.
    """
    if not 0 <= index < size:
        raise ValueError(f"the tree of {size} leaves has no leaf {index}")
    if any(len(item) != _HASH_BYTES for item in (leaf, *hashes)):
        raise ValueError("a hash does not have 32 bytes")
    number, last, root = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise ValueError("the proof has more hashes than the path to the leaf")
        if number & 1 or number == last:
            root = hash_node(sibling, root)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            root = hash_node(root, sibling)
        number, last = number >> 1, last >> 1
    if last:
        raise ValueError("the proof has fewer hashes than the path to the leaf")
    return root
