"""Writes a whole BoltDB file at once, from sorted nested mappings (format: see `assaymark.advisories.bolt`).

1. Pages 0 and 1 are the meta pages, page 2 is an empty freelist, everything else follows, children before parents.
2. A bucket without nested buckets whose leaf page takes a quarter of a page at most stands inline, as bbolt writes it.
3. A leaf or branch is filled until the next element would not fit; an element larger than a page gets overflow pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from assaymark.advisories.bolt import (
    BRANCH,
    BRANCH_ELEMENT,
    BUCKET,
    BUCKET_HEADER,
    CHECKSUM,
    FORMAT_VERSION,
    FREELIST,
    HEADER,
    LEAF,
    LEAF_ELEMENT,
    MAGIC,
    META,
    META_BODY,
    fnv1a_64,
)

Tree = Mapping[bytes, "bytes | Tree"]
"""Names to values, or to nested buckets."""

PAGE_SIZE: Final = 4096
MAX_KEY: Final = 1_024  # two at least must fit a branch page; the format itself allows 32 KiB
_ELEMENT: Final = 16

Item = TypeVar("Item")
_Leaf = tuple[int, bytes, bytes]  # flags, key, value
_Child = tuple[bytes, int]  # first key, page


def write_bolt(tree: Tree) -> bytes:
    """A file whose root bucket holds `tree`.

    Raises:
        ValueError: a key is empty or longer than `MAX_KEY`, or a value stands beside the top-level buckets.
    """
    if any(isinstance(value, bytes) for value in tree.values()):
        raise ValueError("the root of a BoltDB file holds buckets only")
    writer = _Writer()
    root = writer.bucket(tree)
    return writer.finish(root)


class _Writer:
    def __init__(self) -> None:
        self._pages = bytearray(2 * PAGE_SIZE)  # the meta pages are filled in at the end
        self._page(FREELIST, 0, b"")

    def bucket(self, tree: Tree) -> int:
        """Write a bucket with everything below it; the number of its root page."""
        return self._root(list(self._leaves(tree)))

    def finish(self, root: int) -> bytes:
        """The file with its meta pages."""
        high_water = len(self._pages) // PAGE_SIZE
        for number in (0, 1):
            body = META_BODY.pack(MAGIC, FORMAT_VERSION, PAGE_SIZE, 0, root, 0, 2, high_water, number)
            page = HEADER.pack(number, META, 0, 0) + body + CHECKSUM.pack(fnv1a_64(body))
            self._pages[number * PAGE_SIZE : number * PAGE_SIZE + len(page)] = page
        return bytes(self._pages)

    def _leaves(self, tree: Tree) -> Iterator[_Leaf]:
        for key in sorted(tree):
            if not 0 < len(key) <= MAX_KEY:
                raise ValueError(f"a key of {len(key)} bytes cannot be written")
            value = tree[key]
            yield (0, key, value) if isinstance(value, bytes) else (BUCKET, key, self._nested(value))

    def _nested(self, tree: Tree) -> bytes:
        """What a bucket's parent holds: its root page, or all of it."""
        leaves = list(self._leaves(tree))
        size = HEADER.size + sum(map(_leaf_size, leaves))
        if size <= PAGE_SIZE // 4 and not any(flags for flags, _, _ in leaves):
            return BUCKET_HEADER.pack(0, 0) + HEADER.pack(0, LEAF, len(leaves), 0) + _leaf_body(leaves)
        return BUCKET_HEADER.pack(self._root(leaves), 0)

    def _root(self, leaves: list[_Leaf]) -> int:
        children = [self._leaf(group) for group in _groups(leaves, _leaf_size)] or [self._leaf([])]
        while len(children) > 1:
            children = [self._branch(group) for group in _groups(children, _branch_size)]
        return children[0][1]

    def _leaf(self, leaves: list[_Leaf]) -> _Child:
        number = self._page(LEAF, len(leaves), _leaf_body(leaves))
        return (leaves[0][1] if leaves else b""), number

    def _branch(self, children: list[_Child]) -> _Child:
        return children[0][0], self._page(BRANCH, len(children), _branch_body(children))

    def _page(self, flags: int, count: int, body: bytes) -> int:
        number = len(self._pages) // PAGE_SIZE
        pages = -(-(HEADER.size + len(body)) // PAGE_SIZE)
        page = HEADER.pack(number, flags, count, pages - 1) + body
        self._pages += page.ljust(pages * PAGE_SIZE, b"\0")
        return number


def _leaf_size(leaf: _Leaf) -> int:
    return _ELEMENT + len(leaf[1]) + len(leaf[2])


def _branch_size(child: _Child) -> int:
    return _ELEMENT + len(child[0])


def _leaf_body(leaves: list[_Leaf]) -> bytes:
    table, data = bytearray(), bytearray()
    for index, (flags, key, value) in enumerate(leaves):
        position = (len(leaves) - index) * _ELEMENT + len(data)  # from this element on
        table += LEAF_ELEMENT.pack(flags, position, len(key), len(value))
        data += key + value
    return bytes(table + data)


def _branch_body(children: list[_Child]) -> bytes:
    table, data = bytearray(), bytearray()
    for index, (key, page) in enumerate(children):
        position = (len(children) - index) * _ELEMENT + len(data)
        table += BRANCH_ELEMENT.pack(position, len(key), page)
        data += key
    return bytes(table + data)


def _groups(items: Iterable[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    """`items` in order, as many in a group as fit a page; at least one."""
    group: list[Item] = []
    room = PAGE_SIZE - HEADER.size
    for item in items:
        needed = size(item)
        if group and needed > room:
            yield group
            group, room = [], PAGE_SIZE - HEADER.size
        group.append(item)
        room -= needed
    if group:
        yield group
