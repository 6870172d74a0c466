"""Package databases that are damaged, each in one way; a case is a path and its content.

The well-formed ones that they come from hold three packages, the second of which is longer than a page.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from struct import pack

from tests.support.rpm_databases import bdb, ndb, sqlite
from tests.support.rpm_headers import BINARY, INT32, STRING, STRINGS, header, package

BDB = "var/lib/rpm/Packages"
NDB = "usr/lib/sysimage/rpm/Packages.db"
SQLITE = "usr/share/rpm/rpmdb.sqlite"
APK = "lib/apk/db/installed"
DPKG = "var/lib/dpkg/status"
PAGE = 4096

Case = tuple[str, bytes]
_HEADERS = [package("a"), package("b", summary=["x" * 9_000]), package("c")]
_RANDOM = random.Random(20).randbytes(20_000)


def cases(folder: Path) -> Iterator[tuple[str, Case]]:
    """Every case with a sentence that says what is wrong; `folder` is for temporary files."""
    for sentence, content in _berkeley():
        yield f"berkeley db: {sentence}", (BDB, content)
    for sentence, content in _ndb():
        yield f"ndb: {sentence}", (NDB, content)
    for sentence, content in _sqlite(sqlite(_HEADERS, folder)):
        yield f"sqlite: {sentence}", (SQLITE, content)
    for sentence, content in _headers():
        yield f"header: {sentence}", (NDB, ndb([content]))
    yield from _text()


def changed(data: bytes, place: int, new: bytes) -> bytes:
    """`data` with `new` at `place`."""
    return data[:place] + new + data[place + len(new) :]


def _berkeley() -> Iterator[tuple[str, bytes]]:
    whole = bdb(_HEADERS)
    last = whole[32:36]
    table = PAGE + 26
    offsets = [int.from_bytes(whole[place : place + 2], "little") for place in range(table, table + 16, 2)]
    value = PAGE + offsets[5]  # of the second package; its chain begins on page 3
    at = partial(changed, whole)
    yield from _cut(whole, (0, 1, 71, PAGE, PAGE + 100, len(whole) - 1, len(whole) - PAGE))
    yield "random bytes", _RANDOM
    yield "random pages", whole[:PAGE] + _RANDOM
    yield "zeros", bytes(65_536)
    yield "big-endian meta, little-endian pages", bdb(_HEADERS, order=">")[:PAGE] + whole[PAGE:]
    yield "little-endian meta, big-endian pages", whole[:PAGE] + bdb(_HEADERS, order=">")[PAGE:]
    for sentence, place, new in (
        ("a b-tree", 12, pack("<I", 0x00053162)),
        ("pages of no byte", 20, bytes(4)),
        ("pages of 3 bytes", 20, pack("<I", 3)),
        ("pages of 2 GiB", 20, pack("<I", 2**31)),
        ("a first page of another type", 25, b"\x09"),
        ("encryption", 24, b"\1"),
        ("checksums", 26, b"\1"),
        ("four milliards of pages", 32, b"\xff" * 4),
        ("an odd number of items", PAGE + 20, pack("<H", 3)),
        ("65,534 items", PAGE + 20, pack("<H", 65_534)),
        ("an item outside of its page", table + 6, pack("<H", 65_000)),
        ("items that overlap", table + 6, whole[table : table + 2]),
        ("an item in the page's header", table + 14, bytes(2)),
        ("an item of an unknown type", value, b"\x63"),
        ("a chain that begins nowhere", value + 4, pack("<I", 10**6)),
        ("a chain that begins at page 0", value + 4, bytes(4)),
        ("a chain that begins at the hash page", value + 4, pack("<I", 1)),
        ("a length of 2 GiB", value + 8, pack("<I", 2**31 - 1)),
        ("a negative length", value + 8, b"\xff" * 4),
        ("a length beyond the chain", value + 8, pack("<I", 20_000)),
        ("a length within the chain", value + 8, pack("<I", 100)),
        ("a page that follows itself", 3 * PAGE + 16, pack("<I", 3)),
        ("pages that follow each other", 4 * PAGE + 16, pack("<I", 3)),
        ("a chain that leaves the file", 3 * PAGE + 16, b"\xff" * 4),
        ("a chain into another's", 3 * PAGE + 16, last),
        ("an overflow page of another type", 3 * PAGE + 25, b"\x0d"),
        ("an overflow page with 65,535 bytes", 5 * PAGE + 22, b"\xff\xff"),
        ("an overflow page without bytes", 3 * PAGE + 22, bytes(2)),
    ):
        yield sentence, at(place, new)


def _ndb() -> Iterator[tuple[str, bytes]]:
    whole = ndb(_HEADERS)
    slot, blob = 32, PAGE
    tail = PAGE + int.from_bytes(whole[slot + 12 : slot + 16], "little") * 16 - 12
    at = partial(changed, whole)
    yield from _cut(whole, (4, 31, 100, PAGE, len(whole) - 1))
    yield "random bytes behind the magic", b"RpmP" + _RANDOM
    yield "random slots", whole[:32] + _RANDOM
    yield "big-endian numbers", pack(">4sIII16x", b"RpmP", 0, 1, 1) + whole[32:]
    yield "all slots for one blob", whole[:32] + whole[32:48] * 254 + whole[PAGE:]
    for sentence, place, new in (
        ("version 1", 4, pack("<I", 1)),
        ("no slots", 12, bytes(4)),
        ("2,049 pages of slots", 12, pack("<I", 2_049)),
        ("four milliards of pages of slots", 12, b"\xff" * 4),
        ("a slot without its magic", slot, b"Slut"),
        ("a blob outside of the file", slot + 8, b"\xff" * 4),
        ("a blob of no block", slot + 12, bytes(4)),
        ("a blob of one block", slot + 12, pack("<I", 1)),
        ("a blob of 64 GiB", slot + 12, b"\xff" * 4),
        ("a blob without its magic", blob, b"BlbX"),
        ("a blob of another package", blob + 4, pack("<I", 9)),
        ("a header of 2 GiB", blob + 12, pack("<I", 2**31)),
        ("a header of negative length", blob + 12, b"\xff" * 4),
        ("a blob without its end", tail + 8, b"BlbX"),
        ("another length at the end", tail + 4, bytes(4)),
        ("a wrong checksum", tail, bytes(4)),
    ):
        yield sentence, at(place, new)


def _sqlite(whole: bytes) -> Iterator[tuple[str, bytes]]:
    leaf = next(start for start in range(PAGE, len(whole), PAGE) if whole[start : start + 5] == b"\x0d\0\0\0\3")
    cells = [leaf + int.from_bytes(whole[leaf + 8 + place : leaf + 10 + place], "big") for place in (0, 2, 4)]
    overflow = int.from_bytes(whole[cells[0] - 4 : cells[0]], "big")  # of the second row, which ends there
    schema = whole.index(b"CREATE TABLE 'Packages'")
    interior = b"\5\0\0\0\0\0\0\0" + pack(">I", 1 + leaf // PAGE)
    at = partial(changed, whole)
    yield from _cut(whole, (16, 99, 100, PAGE, len(whole) - PAGE, len(whole) - 1))
    yield "random bytes behind the header", whole[:100] + _RANDOM
    yield "random pages behind the schema", whole[:PAGE] + _RANDOM
    yield "a table of another name", whole.replace(b"Packages", b"Packagez")
    for sentence, place, new in (
        ("pages of no byte", 16, bytes(2)),
        ("pages of 3 bytes", 16, pack(">H", 3)),
        ("pages without room", 16, pack(">H", 512) + bytes(2) + b"\xff"),
        ("an unknown encoding", 56, pack(">I", 9)),
        ("a schema that is an index", 100, b"\x0a"),
        ("a root page that does not exist", schema - 1, b"\x7f"),
        ("a negative root page", schema - 1, b"\xff"),
        ("the schema as root page", schema - 1, b"\x01"),
        ("an index as root page", leaf, b"\x0a"),
        ("65,535 rows in a page", leaf + 3, b"\xff\xff"),
        ("a row outside of its page", leaf + 8, b"\xff\xff"),
        ("a tree that is its own branch", leaf, interior),
        ("branches outside of their page", leaf, b"\5\0\0\0\1\0\0\0" + bytes(4) + b"\xff\xff"),
        ("a row of 2^56 bytes", cells[1], b"\xff" * 9),
        ("a row of 2 GiB", cells[1], b"\x88\x80\x80\x80\x00"),
        ("a row that is too short", cells[0], b"\x05\x01"),
        ("overflow pages that do not exist", cells[0] - 4, b"\xff" * 4),
        ("an overflow page that follows itself", (overflow - 1) * PAGE, pack(">I", overflow)),
        ("overflow pages that end too early", (overflow - 1) * PAGE, bytes(4)),
        ("columns behind the row", cells[0] + 2, b"\x7f"),
        ("a column of 2^56 bytes", cells[2] + 3, b"\x0c\0" + b"\xff" * 9),
        ("a header that is NULL", cells[0] + 4, b"\0\0"),
        ("a header that is a number", cells[0] + 4, b"\x01\x00"),
    ):
        yield sentence, at(place, new)


def _headers() -> Iterator[tuple[str, bytes]]:
    whole = package("a")
    yield "empty", b""
    yield "seven bytes", bytes(7)
    yield "random bytes", _RANDOM[:500]
    yield "no entries", pack(">II", 0, 100) + bytes(100)
    yield "two milliards of entries", pack(">II", 2**31 - 1, 0) + bytes(64)
    yield "a negative number of entries", pack(">II", 2**32 - 1, 0) + bytes(64)
    yield "2 GiB of data", pack(">II", 1, 2**31 - 1) + bytes(64)
    yield "little-endian lengths", pack("<II", 5, 100) + whole[8:]
    yield "a type that does not exist", changed(whole, 8 + 16 + 4, pack(">I", 99))
    yield "a negative offset", changed(whole, 8 + 16 + 8, b"\xff" * 4)
    yield "a region that is larger than the index", changed(whole, len(whole) - 8, pack(">i", -1_600))
    yield "no name", header({1001: (STRING, "1")})
    yield "a name that is a number", header({1000: (INT32, 7), 1001: (STRING, "1")})
    yield "a name without an end", pack(">II", 1, 3) + pack(">IIiI", 1000, STRING, 0, 1) + b"abc"
    yield "a name of two megabytes", header({1000: (STRING, "n" * 2**21), 1001: (STRING, "1")})
    yield "2 GiB of provisions", _counted(1047, STRINGS, 2**31)
    yield "2 GiB of epochs", _counted(1003, INT32, 2**29)
    yield "a digest of 2 GiB", _counted(261, BINARY, 2**31)
    yield (
        "a vendor of invalid text",
        header({1000: (STRING, "a"), 1001: (STRING, "1"), 1011: (STRING, b"\xff" * 2**21)}),
    )


def _counted(tag: int, kind: int, count: int) -> bytes:
    """A header whose last tag has far more elements than there are bytes."""
    entries = [(1000, STRING, 0, 1), (1001, STRING, 2, 1), (tag, kind, 4, count)]
    return pack(">II", 3, 12) + b"".join(pack(">IIiI", *entry) for entry in entries) + b"a\0" + b"1\0" + bytes(8)


def _text() -> Iterator[tuple[str, Case]]:
    yield "apk: a version that cannot be ordered", (APK, b"P:a\nV:x.y-z\n\n")
    yield "apk: a line of two megabytes", (APK, b"P:a\nV:1\nT:" + b"x" * 2**21 + b"\n\nP:b\nV:1\n\n")
    yield "apk: a version of two megabytes", (APK, b"P:a\nV:" + b"1" * 2**21 + b"\n\n")
    yield "apk: random bytes in a version", (APK, b"P:a\nV:" + _RANDOM.replace(b"\n", b"") + b"\n\n")
    yield "dpkg: a version that cannot be ordered", (DPKG, b"Package: a\nStatus: install ok installed\nVersion: :x\n\n")
    yield "dpkg: an endless epoch", (DPKG, b"Package: a\nVersion: " + b"9" * 5_000 + b":1\n\n")
    yield "dpkg: a version of two megabytes", (DPKG, b"Package: a\nVersion: " + b"1" * 2**21 + b"\n\n")
    yield (
        "dpkg: a description of two megabytes",
        (DPKG, b"Package: a\nVersion: 1\nDescription: " + b"x" * 2**21 + b"\n\n"),
    )
    yield "dpkg: random bytes in a version", (DPKG, b"Package: a\nVersion: " + _RANDOM.replace(b"\n", b"") + b"\n\n")


def _cut(whole: bytes, lengths: tuple[int, ...]) -> Iterator[tuple[str, bytes]]:
    for length in lengths:
        yield f"cut off after {length} bytes", whole[:length]
