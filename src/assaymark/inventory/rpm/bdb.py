"""Berkeley DB hash files: rpm's `Packages` up to rpm 4.15 (libdb 5.3, `dbinc/db_page.h`).

The file is made of equal pages. The first one tells their size and, by the byte order of its magic number, the order of
all numbers. Hash pages (types 2 and 13) hold offsets of items, keys and values in turns. Rules:

1. Pages are read in the order of the file; buckets and directories do not matter for a list of everything.
2. Items fill a page from its end, each in front of the one before.
3. A value is inside its page, or (a header is nearly always longer than that) in a chain of overflow pages, each with
   the number of its bytes; all together they have the length that the item promises.
4. The key is the package's number. Under the number 0 stands the highest number in use, which is no package.
5. A page belongs to one chain. A chain that breaks costs its package and no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from assaymark.inventory.rpm.content import Content, Trouble, Visited
from assaymark.limits import Limits

_META_BYTES: Final = 72
_MAGIC: Final = 0x00061561
_PAGE_SIZES: Final = frozenset(1 << power for power in range(9, 17))
_PAGE_HEADER: Final = 26
_TYPE: Final = 25  # offset of a page's type
_META_PAGE: Final = 8
_HASH_PAGES: Final = frozenset({2, 13})
_OVERFLOW_PAGE: Final = 7
_IN_PAGE: Final = 1
_OFF_PAGE: Final = 3
_CHECKSUMMED: Final = 1
_COUNTER: Final = bytes([_IN_PAGE, 0, 0, 0, 0])


def read_bdb(content: Content, *, limits: Limits, trouble: Trouble) -> Iterator[bytes]:
    """The headers in a `Packages` file.

    Raises:
        ValueError: it is no such file.
    """
    pages = _Pages(content, trouble, limits)
    counter_seen = False
    for page in pages.hashed():
        try:
            items = pages.items(page)
        except ValueError as exc:
            trouble(str(exc))
            continue
        for key, value in items:
            if page[key : key + 5] == _COUNTER and not counter_seen:
                counter_seen = True
                continue
            try:
                header = pages.value(page, value, end=key)
            except ValueError as exc:
                trouble(str(exc))
            else:
                yield header


class _Pages:
    """The pages of one file, which all have one size and byte order."""

    def __init__(self, content: Content, trouble: Trouble, limits: Limits) -> None:
        meta = content.read(0, _META_BYTES)
        self._content = content
        self._limits = limits
        self._order = _byte_order(meta)
        self._links = Struct(f"{self._order}IHH")  # next page, entries, bytes in use
        self._pair = Struct(f"{self._order}II")
        self._size = Struct(f"{self._order}I").unpack_from(meta, 20)[0]
        if self._size not in _PAGE_SIZES or meta[_TYPE] != _META_PAGE:
            raise ValueError(f"pages of {self._size} bytes, the first of type {meta[_TYPE]}, are not a hash file's")
        if meta[24] or meta[26] & _CHECKSUMMED:
            raise ValueError("encrypted or checksummed pages, which rpm does not write")
        promised = Struct(f"{self._order}I").unpack_from(meta, 32)[0] + 1
        self._count = min(promised, content.size // self._size)
        if self._count < promised:
            trouble(f"the file ends after {self._count} of {promised} pages")
        self._visited = Visited(self._count)

    def hashed(self) -> Iterator[bytes]:
        """Rule 1."""
        left = self._count
        for block in self._content.blocks():
            types = block[_TYPE :: self._size][:left]
            for place, kind in enumerate(types):
                if kind in _HASH_PAGES:
                    yield block[place * self._size : (place + 1) * self._size]
            left -= len(types)
            if left <= 0:
                return

    def items(self, page: bytes) -> list[tuple[int, int]]:
        """The offsets of keys and their values."""
        _next, count, _used = self._links.unpack_from(page, 16)
        table = _PAGE_HEADER + 2 * count
        if count % 2 or table > len(page):
            raise ValueError(f"a hash page with {count} items")
        offsets = Struct(f"{self._order}{count}H").unpack_from(page, _PAGE_HEADER)
        ends = (len(page), *offsets)
        if any(not table <= start < end for start, end in zip(offsets, ends, strict=False)):
            raise ValueError("a hash page with items that overlap")
        return list(zip(offsets[::2], offsets[1::2], strict=True))

    def value(self, page: bytes, start: int, *, end: int) -> bytes:
        """Rule 3."""
        if page[start] == _IN_PAGE:
            return page[start + 1 : end]
        if page[start] != _OFF_PAGE or start + 12 > end:
            raise ValueError(f"an item of type {page[start]} in a hash page")
        number, length = self._pair.unpack_from(page, start + 4)
        if length > self._limits.rpm_header_bytes:
            raise ValueError(f"a header of {length} bytes")
        parts = list(self._chain(number, length))
        if sum(map(len, parts)) != length:
            raise ValueError(f"a chain of overflow pages that does not have its {length} bytes")
        return b"".join(parts)

    def _chain(self, number: int, length: int) -> Iterator[bytes]:
        left = length
        while number and left > 0:
            self._visited.enter(number)
            page = self._content.read(number * self._size, self._size)
            if page[_TYPE] != _OVERFLOW_PAGE:
                raise ValueError(f"a page of type {page[_TYPE]} in a chain of overflow pages")
            number, _references, used = self._links.unpack_from(page, 16)
            part = page[_PAGE_HEADER : _PAGE_HEADER + used]
            left -= len(part)
            yield part


def _byte_order(meta: bytes) -> str:
    for order in "<>":
        if Struct(f"{order}I").unpack_from(meta, 12)[0] == _MAGIC:
            return order
    raise ValueError("neither an SQLite nor an NDB nor a Berkeley DB hash file")
