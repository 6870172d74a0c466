"""SQLite files: rpm's `rpmdb.sqlite` (rpm 4.16 and later; https://www.sqlite.org/fileformat2.html).

Only what a list of one table needs is read, so that nothing which a hostile schema can hold (views, triggers, virtual
tables, expressions) is ever looked at. Rules:

1. The schema, a table whose root is page 1, names the root page of the table `Packages`.
2. A table is a tree: interior pages hold the numbers of their children, leaves hold rows in order of their keys.
3. A row is `(NULL, header)`: the first column, the package's number, is the row's key. What does not fit into a leaf
   continues in a chain of overflow pages.
4. A page belongs to one place of one tree. A row that cannot be read costs its package; a page costs its rows.
5. Pages in the write-ahead log replace those of the file (`assaymark.inventory.rpm.wal`).
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from assaymark.inventory.rpm.content import Content, Trouble, Visited
from assaymark.inventory.rpm.wal import Log, read_log
from assaymark.limits import Limits

MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of such a file."""

_TABLE: Final = "packages"  # names are compared without case
_FILE_HEADER: Final = 100
_PAGE_SIZES: Final = frozenset(1 << power for power in range(9, 17))
_LARGEST: Final = 65_536  # written as 1
_LEAST_USABLE: Final = 480
_INTERIOR: Final = 5
_LEAF: Final = 13
_ENCODINGS: Final = {0: "utf-8", 1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}  # 0: a database without a table yet
_SCHEMA_COLUMNS: Final = 4  # type, name, table, root page
_ROW_HEADER_BYTES: Final = 512
_SHORT: Final = Struct(">H")
_LONG: Final = Struct(">I")

_Column = bytes | int | None


def read_sqlite(content: Content, log: Content | None, *, limits: Limits, trouble: Trouble) -> Iterator[bytes]:
    """The headers in an `rpmdb.sqlite` file, with what stands in its write-ahead log.

    Raises:
        ValueError: it is no such file, or it has no table of packages.
    """
    pages = _Pages(content, log, limits)
    root = _table_root(pages, trouble)
    for row in _rows(pages, root, columns=2, trouble=trouble):
        header = row[1] if len(row) == 2 else None
        if isinstance(header, bytes):
            yield header
        else:
            trouble("a row of the table `Packages` without a header")


class _Pages:
    """The pages of one database, counted from 1."""

    def __init__(self, content: Content, log: Content | None, limits: Limits) -> None:
        head = content.read(0, _FILE_HEADER)
        (size,) = _SHORT.unpack_from(head, 16)
        self.size: int = _LARGEST if size == 1 else size
        self.usable = self.size - head[20]
        (encoding,) = _LONG.unpack_from(head, 56)
        if self.size not in _PAGE_SIZES or self.usable < _LEAST_USABLE or encoding not in _ENCODINGS:
            raise ValueError(f"an SQLite file with pages of {self.size} bytes and the encoding {encoding}")
        self.encoding = _ENCODINGS[encoding]
        self.limits = limits
        self._content = content
        self._log_content = log
        found = read_log(log, self.size) if log is not None else None
        self._log = found or Log({}, 0)
        in_file = content.size // self.size
        self.count = min(self._log.pages, in_file + len(self._log.places)) if found else in_file
        self.room = content.size + (log.size if log else 0)
        self._visited = Visited(1 + self.count)

    def enter(self, number: int) -> bytes:
        """Page `number`, which must not have been entered before.

        Raises:
            ValueError: it was, or does not exist.
        """
        if number == 0:
            raise ValueError("page 0 does not exist")
        self._visited.enter(number)
        place = self._log.places.get(number)
        if place is not None and self._log_content is not None:
            return self._log_content.read(place, self.size)
        return self._content.read((number - 1) * self.size, self.size)


def _table_root(pages: _Pages, trouble: Trouble) -> int:
    """Rule 1."""
    for row in _rows(pages, 1, columns=_SCHEMA_COLUMNS, trouble=trouble):
        kind, name, _table, root = row if len(row) == _SCHEMA_COLUMNS else (None,) * _SCHEMA_COLUMNS
        if isinstance(kind, bytes) and isinstance(name, bytes) and isinstance(root, int) and root:
            texts = [value.decode(pages.encoding, "replace").lower() for value in (kind, name)]
            if texts == ["table", _TABLE]:
                return root
    raise ValueError("an SQLite file without a table `Packages`")


def _rows(pages: _Pages, root: int, *, columns: int, trouble: Trouble) -> Iterator[list[_Column]]:
    """Rule 2: the first `columns` columns of each row; fewer where a row has fewer."""
    pending = [root]
    while pending:
        number = pending.pop()
        try:
            page = pages.enter(number)
            start = _FILE_HEADER if number == 1 else 0
            cells, children = _cells(page, start)
        except ValueError as exc:
            trouble(str(exc))
            continue
        pending.extend(reversed(children))
        if len(pending) > pages.count:
            raise ValueError("a tree that has more branches than the file has pages")
        for cell in cells:
            try:
                row = _row(_payload(pages, page, cell), columns)
            except ValueError as exc:
                trouble(str(exc))
            else:
                yield row


def _cells(page: bytes, start: int) -> tuple[tuple[int, ...], list[int]]:
    """The offsets of a leaf's rows, or the children of an interior page."""
    kind = page[start]
    (count,) = _SHORT.unpack_from(page, start + 3)
    table = start + (12 if kind == _INTERIOR else 8)
    if kind not in {_INTERIOR, _LEAF} or table + 2 * count > len(page):
        raise ValueError(f"a page of type {kind} with {count} cells in a table")
    cells = Struct(f">{count}H").unpack_from(page, table)
    if kind == _LEAF:
        return cells, []
    if any(cell + 4 > len(page) for cell in cells):
        raise ValueError("a page with a cell outside of it")
    children = [_LONG.unpack_from(page, cell)[0] for cell in cells]
    return (), [*children, _LONG.unpack_from(page, start + 8)[0]]


def _payload(pages: _Pages, page: bytes, cell: int) -> bytes:
    """Rule 3: the bytes of a row."""
    length, place = _number(page, cell)
    _key, place = _number(page, place)
    if length > pages.limits.rpm_header_bytes + _ROW_HEADER_BYTES:
        raise ValueError(f"a row of {length} bytes")
    pages.room -= length
    if pages.room < 0:
        raise ValueError("rows that overlap: together they are longer than the file")
    local = _local_bytes(length, pages.usable)
    data = page[place : place + local]
    if len(data) < local:
        raise ValueError("a row that leaves its page")
    if local == length:
        return data
    if place + local + 4 > len(page):
        raise ValueError("a row without its overflow page")
    (following,) = _LONG.unpack_from(page, place + local)
    return b"".join([data, *_overflow(pages, following, length - local)])


def _overflow(pages: _Pages, number: int, left: int) -> Iterator[bytes]:
    while left > 0:
        page = pages.enter(number)
        (number,) = _LONG.unpack_from(page)
        part = page[4 : min(pages.usable, 4 + left)]
        left -= len(part)
        yield part


def _local_bytes(length: int, usable: int) -> int:
    """How many bytes of a row stand in its leaf ("B-tree Cell Format")."""
    most = usable - 35
    if length <= most:
        return length
    least = (usable - 12) * 32 // 255 - 23
    kept = least + (length - least) % (usable - 4)
    return kept if kept <= most else least


def _row(payload: bytes, columns: int) -> list[_Column]:
    """The first columns of a record ("Record Format")."""
    header_end, place = _number(payload, 0)
    start = header_end
    values: list[_Column] = []
    while place < header_end and len(values) < columns:
        kind, place = _number(payload, place)
        size = (kind - 12) // 2 if kind >= 12 else _INTEGER_BYTES.get(kind, 0)
        data = payload[start : start + size]
        if len(data) < size:
            raise ValueError("a row that is shorter than its columns")
        start += size
        values.append(data if kind >= 12 else _integer(kind, data))
    return values


_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8}


def _integer(kind: int, data: bytes) -> int | None:
    """A number; None for NULL and for what no column here may be."""
    if kind in {8, 9}:
        return kind - 8
    return int.from_bytes(data, "big", signed=True) if 1 <= kind <= 6 else None


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A variable-length integer of up to nine bytes, and where it ends."""
    value = 0
    for number in range(9):
        if place >= len(data):
            raise ValueError("a number that does not end")
        byte = data[place]
        place += 1
        if number == 8:
            return value << 8 | byte, place
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, place
