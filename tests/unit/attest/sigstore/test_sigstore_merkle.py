"""Inclusion proofs, in trees of every size up to forty leaves."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sigstore.merkle_tree import MerkleTree

from assaymark.attest.sigstore.merkle import hash_leaf, hash_node, root_from_inclusion

SIZE = 40


def tree() -> MerkleTree:
    grown = MerkleTree()
    for number in range(SIZE):
        grown.append(b"%d" % number)
    return grown


TREE = tree()


def test_leaves_and_nodes_are_told_apart() -> None:
    assert hash_leaf(b"x") == hashlib.sha256(b"\0x").digest()
    assert hash_node(b"l", b"r") == hashlib.sha256(b"\1lr").digest()


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_every_leaf_of_every_tree_leads_to_its_root(size: int) -> None:
    root = TREE.root(size)
    for index in range(size):
        hashes = TREE.proof(index, size)
        assert root_from_inclusion(leaf=hash_leaf(b"%d" % index), index=index, size=size, hashes=hashes) == root


@given(st.integers(1, SIZE), st.data())
def test_no_other_place_or_path_leads_there(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = TREE.proof(index, size)
    other = data.draw(st.integers(0, 2 * SIZE))
    kind = data.draw(st.sampled_from(["index", "leaf", "fewer", "more", "hash"]))
    leaf = hash_leaf(b"%d" % index)
    if kind == "index" and other != index:
        index = other
    elif kind == "fewer" and hashes:
        hashes = hashes[:-1]
    elif kind == "more":
        hashes = [*hashes, hash_leaf(b"more")]
    elif kind == "hash" and hashes:
        place = other % len(hashes)
        hashes = [*hashes[:place], hash_leaf(b"other"), *hashes[place + 1 :]]
    else:
        leaf = hash_leaf(b"another leaf")
    try:
        found = root_from_inclusion(leaf=leaf, index=index, size=size, hashes=hashes)
    except ValueError:
        return
    assert found != TREE.root(size)


@pytest.mark.parametrize(
    ("index", "size", "hashes", "leaf"),
    [
        (0, 0, [], bytes(32)),
        (-1, 1, [], bytes(32)),
        (1, 1, [], bytes(32)),
        (0, 1, [bytes(32)], bytes(32)),
        (0, 2, [], bytes(32)),
        (0, 2, [bytes(31)], bytes(32)),
        (0, 1, [], b""),
        (0, 2**63, [bytes(32)] * 64, bytes(32)),
    ],
    ids=[
        "no leaves", "before the first", "behind the last", "a hash too many", "a hash too few", "a short hash",
        "no leaf", "a hash too many in the largest tree",
    ],
)  # fmt: skip
def test_places_that_cannot_be_are_refused(index: int, size: int, hashes: list[bytes], leaf: bytes) -> None:
    with pytest.raises(ValueError):
        root_from_inclusion(leaf=leaf, index=index, size=size, hashes=hashes)


def test_the_largest_tree_is_walked() -> None:
    assert len(root_from_inclusion(leaf=bytes(32), index=2**62, size=2**63, hashes=[bytes(32)] * 63)) == 32
