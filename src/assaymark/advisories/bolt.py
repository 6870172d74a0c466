"""BoltDB files, read in place: a memory-mapped B+tree, of which a look-up touches a handful of pages.

Format: the bbolt project's `internal/common/page.go`, `meta.go`, `inode.go` (file format version 2, little-endian).

1. Pages 0 and 1 are meta pages with an FNV-1a 64 checksum; the one with the higher transaction id is in force. A
   published file has two good ones. bbolt goes on with one, which after a crash is right; here a damaged meta page
   means a damaged file, and the older tree would answer with what was true once, so it is refused.
2. A page is a 16-byte header (id, flags, count, overflow), a table of 16-byte elements, then keys and values. Branch
   elements hold position, key size and child page; leaf elements hold flags, position, key size and value size.
   Positions count from the element itself.
3. A leaf value with flag 1 is a nested bucket: a 16-byte header whose root page is zero when the bucket is small
   enough to stand inline behind that header.

Every number is checked before it is used: page ids against the high-water mark, extents against the file, keys and
values against their page, depth against `MAX_DEPTH`, and the order of keys around every place that a search passes.
BoltDB has no checksums on its pages: a changed byte inside a value or a key that stays in order cannot be seen here;
`assaymark.advisories.page_sums` sees it in databases that this program downloaded.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from operator import lt
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple, Protocol

from assaymark.errors import DatabaseError

MAGIC: Final = 0xED0CDAED
FORMAT_VERSION: Final = 2
MAX_DEPTH: Final = 32  # two keys a page and 32 levels are more pages than any file has
BRANCH: Final = 0x01
LEAF: Final = 0x02
META: Final = 0x04
FREELIST: Final = 0x10
BUCKET: Final = 0x01

HEADER: Final = Struct("<QHHI")  # id, flags, count, overflow
META_BODY: Final = Struct(
    "<IIIIQQQQQ"
)  # magic, version, page size, flags, root, sequence, freelist, high water, transaction
CHECKSUM: Final = Struct("<Q")
BRANCH_ELEMENT: Final = Struct("<IIQ")  # position, key size, page
LEAF_ELEMENT: Final = Struct("<IIII")  # flags, position, key size, value size
BUCKET_HEADER: Final = Struct("<QQ")  # root page, sequence

_REMEMBERED: Final = 1_024  # pages whose keys are kept, of some ten KiB each, and ways down the tree
_VISITED: Final = 100_000

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF


class Sums(Protocol):
    """Checksums beside the file: `verify` raises `DatabaseError` when bytes in that range have changed."""

    def verify(self, data: mmap.mmap | bytes, start: int, stop: int) -> None:
        """Check the bytes from `start` to `stop`."""
        ...


class Meta(NamedTuple):
    """What is used of a meta page."""

    page_size: int
    root: int
    high_water: int
    transaction: int


class _Page(NamedTuple):
    """A page whose header was checked: `first` is its element table, `floor` where that ends, `end` where all ends."""

    is_leaf: bool
    length: int
    first: int
    floor: int
    end: int


def fnv1a_64(data: bytes) -> int:
    """The checksum of a meta page."""
    state = _FNV_OFFSET
    for byte in data:
        state = ((state ^ byte) * _FNV_PRIME) & _MASK
    return state


class BoltFile:
    """An open file.

    Attributes:
        root: the bucket that holds the top-level buckets.
        file: device, inode, size and both times of the file on disk; empty where there is none.
    """

    def __init__(self, data: mmap.mmap | bytes, *, name: str, sums: Sums | None = None, file: str = "") -> None:
        """Read the meta pages.

        Raises:
            DatabaseError: this is no BoltDB file, or its meta pages are damaged.
        """
        self.file = file
        self._data = data
        self._name = name
        self._sums = sums
        self._visited: set[int] = set()
        self._keys: dict[int, list[bytes]] = {}
        self._children: dict[tuple[int, int], _Page] = {}
        self._meta = _newest_meta(data, name)
        if self._meta.high_water * self._meta.page_size > len(data):
            raise self.damaged("it is shorter than its meta page says")
        self.root = Bucket(self, self._meta.root)

    @property
    def meta(self) -> Meta:
        """The meta page in force."""
        return self._meta

    def damaged(self, what: str) -> DatabaseError:
        """The error that says so."""
        return DatabaseError(
            f"`{self._name}` is damaged: {what}",
            hint="remove the file and run again without `--skip-db-update` to download the database anew",
        )

    def page(self, number: int) -> _Page:
        """The page with that number, its header and extent checked."""
        size, high_water = self._meta.page_size, self._meta.high_water
        if not 2 <= number < high_water:
            raise self.damaged(f"page {number} does not exist")
        start = number * size
        if self._sums is not None:
            self._sums.verify(self._data, start, start + HEADER.size)
        identity, flags, count, overflow = HEADER.unpack_from(self._data, start)
        if identity != number or number + overflow >= high_water:
            raise self.damaged(f"page {number} has a wrong header")
        end = start + (overflow + 1) * size
        if self._sums is not None:
            self._sums.verify(self._data, start, end)
        return self._checked(flags, count, start, end)

    def inline_page(self, start: int, end: int) -> _Page:
        """The page of a small bucket, which stands inside its parent's value."""
        if start + HEADER.size > end:
            raise self.damaged("an inline bucket is cut short")
        _, flags, count, _ = HEADER.unpack_from(self._data, start)
        if flags != LEAF:
            raise self.damaged("an inline bucket is no leaf")
        return self._checked(flags, count, start, end)

    def _checked(self, flags: int, count: int, start: int, end: int) -> _Page:
        first = start + HEADER.size
        floor = first + 16 * count
        if flags not in {BRANCH, LEAF} or floor > end or (flags == BRANCH and count == 0):
            raise self.damaged(f"the page at byte {start} is neither a branch nor a leaf")
        return _Page(flags == LEAF, count, first, floor, end)

    def key(self, page: _Page, index: int) -> bytes:
        """The key of one element."""
        at = page.first + 16 * index
        if page.is_leaf:
            _, position, size, value_size = LEAF_ELEMENT.unpack_from(self._data, at)
        else:
            position, size, _ = BRANCH_ELEMENT.unpack_from(self._data, at)
            value_size = 0
        start = at + position
        stop = start + size
        if start < page.floor or stop + value_size > page.end:
            raise self.damaged(f"an element at byte {at} reaches outside its page")
        return self._data[start:stop]

    def child(self, page: _Page, index: int) -> _Page:
        """The page below one element of a branch; its keys lie between that element's key and the next one's."""
        known = self._children.get((page.first, index))
        if known is None:
            if len(self._children) >= _REMEMBERED:
                self._children.clear()
            known = self._children[page.first, index] = self._read_child(page, index)
        return known

    def _read_child(self, page: _Page, index: int) -> _Page:
        (number,) = CHECKSUM.unpack_from(self._data, page.first + 16 * index + 8)
        child = self.page(number)
        if child.length == 0 or self.key(child, 0) < self.key(page, index):
            raise self.damaged(f"page {number} begins before its parent says")
        if index + 1 < page.length and self.key(child, child.length - 1) >= self.key(page, index + 1):
            raise self.damaged(f"page {number} ends behind what its parent says")
        return child

    def value(self, page: _Page, index: int) -> tuple[bool, int, int]:
        """Whether one leaf element is a bucket, and where its value begins and ends."""
        at = page.first + 16 * index
        flags, position, size, value_size = LEAF_ELEMENT.unpack_from(self._data, at)
        start = at + position + size
        if flags not in {0, BUCKET} or at + position < page.floor or start + value_size > page.end:
            raise self.damaged(f"an element at byte {at} reaches outside its page")
        return flags == BUCKET, start, start + value_size

    def slice(self, start: int, stop: int) -> bytes:
        """A copy of these bytes."""
        return self._data[start:stop]

    def bucket_at(self, start: int, stop: int) -> Bucket:
        """The bucket that a leaf value describes."""
        if stop - start < BUCKET_HEADER.size:
            raise self.damaged("a bucket's header is cut short")
        root, _ = BUCKET_HEADER.unpack_from(self._data, start)
        if root:
            return Bucket(self, root)
        return Bucket(self, 0, self.inline_page(start + BUCKET_HEADER.size, stop))

    def search(self, page: _Page, key: bytes) -> int:
        """The index of the first element whose key is not below `key`.

        A damaged key misleads a binary search only so far as the keys beside the place where it ends are out of order:
        those are compared, two on either side. The keys of a page that is searched again are remembered, all compared.
        """
        keys = self._keys.get(page.first) or self._remember(page)
        if keys is not None:
            return bisect_left(keys, key)
        low, high = 0, page.length
        while low < high:
            middle = (low + high) >> 1
            if self.key(page, middle) < key:
                low = middle + 1
            else:
                high = middle
        previous = None
        for index in range(max(0, low - 2), min(page.length, low + 2)):
            current = self.key(page, index)
            if previous is not None and previous >= current:
                raise self.damaged("keys are out of order")
            previous = current
        return low

    def _remember(self, page: _Page) -> list[bytes] | None:
        """All keys of a page, when it was searched before: then the rest of the scan comes back to it."""
        if page.first not in self._visited:
            if len(self._visited) >= _VISITED:
                self._visited.clear()
            self._visited.add(page.first)
            return None
        if len(self._keys) >= _REMEMBERED:
            self._keys.clear()
        keys = [self.key(page, index) for index in range(page.length)]
        if not all(map(lt, keys, keys[1:])):
            raise self.damaged("keys are out of order")
        self._keys[page.first] = keys
        return keys


class Bucket:
    """A sorted mapping of byte strings to values and nested buckets."""

    __slots__ = ("_file", "_page", "_root")

    def __init__(self, file: BoltFile, root: int, inline: _Page | None = None) -> None:
        self._file = file
        self._root = root
        self._page = inline

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`; None where there is none or it is a bucket.

        Raises:
            DatabaseError: a page on the way is damaged.
        """
        found = self._find(key)
        if found is None or found[0]:
            return None
        return self._file.slice(found[1], found[2])

    def bucket(self, name: bytes) -> Bucket | None:
        """The nested bucket called `name`; None where there is none or it is a value.

        Raises:
            DatabaseError: a page on the way is damaged.
        """
        found = self._find(name)
        if found is None or not found[0]:
            return None
        return self._file.bucket_at(found[1], found[2])

    def items(self, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Keys and values in order of keys, those that begin with `prefix`; nested buckets are passed over.

        Raises:
            DatabaseError: a page on the way is damaged.
        """
        for key, (is_bucket, start, stop) in self._walk(prefix):
            if not is_bucket:
                yield key, self._file.slice(start, stop)

    def buckets(self, prefix: bytes = b"") -> Iterator[tuple[bytes, Bucket]]:
        """Names and nested buckets in order of names, those that begin with `prefix`; values are passed over.

        Raises:
            DatabaseError: a page on the way is damaged.
        """
        for key, (is_bucket, start, stop) in self._walk(prefix):
            if is_bucket:
                yield key, self._file.bucket_at(start, stop)

    def _top(self) -> _Page:
        if self._page is None:
            self._page = self._file.page(self._root)
        return self._page

    def _find(self, key: bytes) -> tuple[bool, int, int] | None:
        file, page = self._file, self._top()
        for _ in range(MAX_DEPTH):
            index = file.search(page, key)
            found = index < page.length and file.key(page, index) == key
            if page.is_leaf:
                return file.value(page, index) if found else None
            page = file.child(page, index if found else max(0, index - 1))
        raise file.damaged("its tree is too deep")

    def _walk(self, prefix: bytes) -> Iterator[tuple[bytes, tuple[bool, int, int]]]:
        """Leaf elements from `prefix` on. Keys that strictly ascend also bound a tree that bites its own tail."""
        file, previous = self._file, None
        for page, index in self._leaves(self._top(), prefix, MAX_DEPTH):
            key = file.key(page, index)
            if not key.startswith(prefix):
                if key > prefix:
                    return
                raise file.damaged("keys are out of order")
            if previous is not None and previous >= key:
                raise file.damaged("keys are out of order")
            previous = key
            yield key, file.value(page, index)

    def _leaves(self, page: _Page, start: bytes, depth: int) -> Iterator[tuple[_Page, int]]:
        """Leaf elements in order, from the first whose key is not below `start`."""
        file = self._file
        index = file.search(page, start) if start else 0
        if page.is_leaf:
            for position in range(index, page.length):
                yield page, position
            return
        if depth == 0:
            raise file.damaged("its tree is too deep")
        if index == page.length or file.key(page, index) != start:
            index = max(0, index - 1)
        for position in range(index, page.length):
            yield from self._leaves(file.child(page, position), start, depth - 1)
            start = b""


@contextmanager
def open_bolt(path: Path, *, sums: Sums | None = None) -> Iterator[BoltFile]:
    """The BoltDB file at `path`, mapped read-only.

    Raises:
        DatabaseError: it cannot be opened, is no BoltDB file, or is damaged.
    """
    try:
        with path.open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            about = os.fstat(stream.fileno())
    except (OSError, ValueError) as exc:  # an empty file cannot be mapped: ValueError
        raise DatabaseError(f"`{path}` cannot be opened: {exc}") from exc
    with mapped:
        file = f"{about.st_dev} {about.st_ino} {about.st_size} {about.st_mtime_ns} {about.st_ctime_ns}"
        yield BoltFile(mapped, name=str(path), sums=sums, file=file)


def _newest_meta(data: mmap.mmap | bytes, name: str) -> Meta:
    first = _meta(data, 0)
    second = _meta(data, first.page_size) if first else None
    if first is None or second is None:
        which = "it is no BoltDB file" if data[16:20] != MAGIC.to_bytes(4, "little") else "a meta page is corrupt"
        raise DatabaseError(
            f"`{name}` is damaged: {which}",
            hint="remove the file and run again without `--skip-db-update` to download the database anew",
        )
    return max(first, second, key=lambda meta: meta.transaction)


def _meta(data: mmap.mmap | bytes, offset: int) -> Meta | None:
    """The meta page at `offset`; None where there is no valid one."""
    start = offset + HEADER.size
    if start + META_BODY.size + CHECKSUM.size > len(data):
        return None
    body = bytes(data[start : start + META_BODY.size])
    magic, version, page_size, _, root, _, _, high_water, transaction = META_BODY.unpack(body)
    (checksum,) = CHECKSUM.unpack_from(data, start + META_BODY.size)
    if magic != MAGIC or version != FORMAT_VERSION or checksum != fnv1a_64(body):
        return None
    if page_size < 512 or page_size > 1 << 20 or page_size & (page_size - 1):
        return None
    return Meta(page_size, root, high_water, transaction)
