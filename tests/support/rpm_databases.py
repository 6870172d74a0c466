"""rpm's package databases with given headers, in each of the three formats."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from struct import pack
from typing import Literal

_PAGE_HEADER = 26
_PAIR = 4 + 5 + 12  # two offsets, a key and a value that is elsewhere

Order = Literal["<", ">"]


def bdb(
    headers: Sequence[bytes], *, order: Order = "<", page_size: int = 4096, hash_type: int = 13, inline: bool = False
) -> bytes:
    """A Berkeley DB hash file; `inline` keeps values in the hash pages, as libdb does with short ones."""
    values = [pack(f"{order}I", len(headers)), *headers]
    per_page = 1 if inline else (page_size - _PAGE_HEADER) // _PAIR
    groups = [range(start, min(start + per_page, len(values))) for start in range(0, len(values), per_page)]
    overflow: list[bytes] = []
    first_overflow = 1 + len(groups)
    hashed = []
    for number, group in enumerate(groups, start=1):
        items: list[bytes] = []
        for key in group:
            items.append(b"\x01" + pack(f"{order}I", key))
            if inline or key == 0:
                items.append(b"\x01" + values[key])
            else:
                first = first_overflow + len(overflow)
                overflow += _chain(values[key], first, order, page_size)
                items.append(pack(f"{order}B3xII", 3, first, len(values[key])))
        hashed.append(_hash_page(number, items, order, page_size, hash_type))
    pages = [*hashed, *overflow]
    return b"".join([_meta(len(pages), order, page_size), *pages])


def _meta(last: int, order: Order, page_size: int) -> bytes:
    fixed = pack(f"{order}8xIIIIBBBxIIIII", 0, 0x00061561, 9, page_size, 0, 8, 0, 0, last, 0, 0, 0)
    return fixed.ljust(page_size, b"\0")


def _page(number: int, following: int, entries: int, used: int, kind: int, order: Order) -> bytes:
    return pack(f"{order}8xIIIHHBB", number, 0, following, entries, used, 0, kind)


def _hash_page(number: int, items: list[bytes], order: Order, page_size: int, kind: int) -> bytes:
    offsets, end = [], page_size
    for item in items:
        end -= len(item)
        offsets.append(end)
    table = pack(f"{order}{len(items)}H", *offsets)
    head = _page(number, 0, len(items), end, kind, order) + table
    return head.ljust(end, b"\0") + b"".join(reversed(items))


def _chain(value: bytes, first: int, order: Order, page_size: int) -> list[bytes]:
    room = page_size - _PAGE_HEADER
    parts = [value[start : start + room] for start in range(0, len(value), room)]
    return [
        (_page(first + place, first + place + 1 if part is not parts[-1] else 0, 1, len(part), 7, order) + part).ljust(
            page_size, b"\0"
        )
        for place, part in enumerate(parts)
    ]


def ndb(headers: Sequence[bytes], *, slot_pages: int = 1) -> bytes:
    """An NDB file; behind the slots in use stand free ones."""
    slots, blobs = [], b""
    begin = slot_pages * 4096
    for number, header in enumerate(headers, start=1):
        blob = pack("<4sIII", b"BlbS", number, 1, len(header)) + header
        blob += b"\0" * (-(len(blob) + 12) % 16)
        blob += pack("<II4s", zlib.adler32(blob), len(header), b"BlbE")
        slots.append(pack("<4sIII", b"Slot", number, (begin + len(blobs)) // 16, len(blob) // 16))
        blobs += blob
    slots += [pack("<4sIII", b"Slot", 0, 0, 0)] * (slot_pages * 256 - 2 - len(slots))
    return pack("<4sIII16x", b"RpmP", 0, 1, slot_pages) + b"".join(slots) + blobs


def sqlite(headers: Sequence[bytes], folder: Path, *, page_size: int = 4096, encoding: str = "UTF-8") -> bytes:
    """An SQLite file as rpm makes it, without its indices."""
    path = folder / f"{page_size}-{encoding}.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        _create(database, page_size, encoding)
        _insert(database, headers)
    return path.read_bytes()


def sqlite_with_log(
    stored: Sequence[bytes], logged: Sequence[bytes], folder: Path, *, page_size: int = 4096
) -> tuple[bytes, bytes]:
    """An SQLite file with `stored`, and the write-ahead log that adds `logged` in a transaction for each."""
    path = folder / "logged.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        _create(database, page_size, "UTF-8")
        _insert(database, stored)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        for header in logged:
            _insert(database, [header])
        return path.read_bytes(), path.with_name("logged.sqlite-wal").read_bytes()


def _create(database: sqlite3.Connection, page_size: int, encoding: str) -> None:
    database.execute(f"PRAGMA page_size = {page_size}")
    database.execute(f"PRAGMA encoding = '{encoding}'")
    database.execute("CREATE TABLE 'Basenames' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
    database.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    database.commit()


def _insert(database: sqlite3.Connection, headers: Sequence[bytes]) -> None:
    database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
    database.commit()
