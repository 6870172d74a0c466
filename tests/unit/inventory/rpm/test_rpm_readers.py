"""The three formats of rpm's package database: the same headers come out of each."""

from __future__ import annotations

import io
from pathlib import Path
from struct import pack_into

import msgspec
import pytest
from tests.support.rpm_databases import bdb, ndb, sqlite, sqlite_with_log
from tests.support.rpm_headers import package

from assaymark.inventory.rpm.content import Content, Visited
from assaymark.inventory.rpm.database import read_headers
from assaymark.limits import DEFAULT_LIMITS, Limits

HEADERS = [package(), package("big", summary=["x" * 100_000]), package("last", requires=["bash"])]


def content(data: bytes) -> Content:
    return Content(io.BytesIO(data), len(data))


def read(data: bytes, log: bytes | None = None, *, limits: Limits = DEFAULT_LIMITS) -> tuple[list[bytes], list[str]]:
    """The headers, and what was wrong."""
    troubles: list[str] = []
    found = read_headers(content(data), content(log) if log else None, limits=limits, trouble=troubles.append)
    return list(found), troubles


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("page_size", [512, 4096, 65_536])
@pytest.mark.parametrize("hash_type", [2, 13])
def test_berkeley_db_of_any_machine(order: str, page_size: int, hash_type: int) -> None:
    many = HEADERS * 40  # more than one hash page
    data = bdb(many, order="<" if order == "<" else ">", page_size=page_size, hash_type=hash_type)

    assert read(data) == (many, [])


def test_berkeley_db_with_values_inside_its_pages() -> None:
    small = [package("a"), package("b")]

    assert read(bdb(small, page_size=65_536, inline=True)) == (small, [])


def test_ndb_with_free_slots() -> None:
    assert read(ndb(HEADERS, slot_pages=2)) == (HEADERS, [])


@pytest.mark.parametrize("page_size", [512, 1024, 4096, 65_536])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_sqlite_of_any_page_size_and_encoding(page_size: int, encoding: str, tmp_path: Path) -> None:
    many = HEADERS * 200  # at least three levels of pages, where they are small

    assert read(sqlite(many, tmp_path, page_size=page_size, encoding=encoding)) == (many, [])


def test_sqlite_without_packages(tmp_path: Path) -> None:
    assert read(sqlite([], tmp_path)) == ([], [])


@pytest.mark.parametrize("page_size", [512, 4096, 65_536])
def test_write_ahead_log_is_newer(page_size: int, tmp_path: Path) -> None:
    data, log = sqlite_with_log(HEADERS[:1], HEADERS[1:], tmp_path, page_size=page_size)

    assert read(data) == (HEADERS[:1], [])
    assert read(data, log) == (HEADERS, [])


def test_frames_behind_the_last_transaction_do_not_count(tmp_path: Path) -> None:
    data, log = sqlite_with_log([], HEADERS, tmp_path)
    step = 24 + 4096

    assert read(data, log[:-step]) == (HEADERS[:2], [])
    assert read(data, log[:-1]) == (HEADERS[:2], [])


def test_frame_whose_checksum_is_wrong_ends_the_log(tmp_path: Path) -> None:
    data, log = sqlite_with_log([], HEADERS, tmp_path)
    changed = bytearray(log)
    changed[-1] ^= 1

    assert read(data, bytes(changed)) == (HEADERS[:2], [])


@pytest.mark.parametrize("place", [0, 4, 8, 16, 24], ids=["magic", "version", "page size", "salt", "checksum"])
def test_log_with_another_head_is_of_no_use(place: int, tmp_path: Path) -> None:
    data, log = sqlite_with_log(HEADERS[:1], HEADERS[1:], tmp_path)
    changed = bytearray(log)
    changed[place + 3] ^= 4

    assert read(data, bytes(changed)) == (HEADERS[:1], [])
    assert read(data, log[:40]) == (HEADERS[:1], [])


def test_log_in_the_other_byte_order(tmp_path: Path) -> None:
    """The lowest bit of the magic number says in which order the words of the checksums are taken."""
    data, log = sqlite_with_log(HEADERS[:1], HEADERS[1:], tmp_path)

    assert read(data, rewritten(log, 4096)) == (HEADERS, [])


def rewritten(log: bytes, page_size: int) -> bytes:
    """`log` with big-endian checksums."""

    def summed(data: bytearray, first: int, second: int) -> tuple[int, int]:
        for start in range(0, len(data), 8):
            first = (first + int.from_bytes(data[start : start + 4], "big") + second) % 2**32
            second = (second + int.from_bytes(data[start + 4 : start + 8], "big") + first) % 2**32
        return first, second

    made = bytearray(log)
    pack_into(">I", made, 0, 0x377F0683)
    sums = summed(made[:24], 0, 0)
    pack_into(">II", made, 24, *sums)
    for start in range(32, len(made), 24 + page_size):
        sums = summed(made[start : start + 8], *sums)
        sums = summed(made[start + 24 : start + 24 + page_size], *sums)
        pack_into(">II", made, start + 16, *sums)
    return bytes(made)


def broken_chain(data: bytes) -> bytes:
    """The last overflow page is of another type."""
    changed = bytearray(data)
    changed[-4096 + 25] = 9
    return bytes(changed)


def broken_blob(data: bytes) -> bytes:
    return data.replace(b"BlbS\3", b"BlbX\3")


def test_broken_chain_costs_one_package() -> None:
    found, troubles = read(broken_chain(bdb(HEADERS)))

    assert found == HEADERS[:2]
    assert troubles == ["a page of type 9 in a chain of overflow pages"]


def test_blob_of_another_costs_one_package() -> None:
    assert read(broken_blob(ndb(HEADERS))) == (HEADERS[:2], ["package 3 has another's blob, or none"])


def test_wrong_checksum_is_told_and_the_header_kept() -> None:
    data = bytearray(ndb(HEADERS))
    place = data.index(b"1.el9")
    data[place] = ord("2")

    found, troubles = read(bytes(data))

    assert len(found) == 3
    assert troubles == ["package 1 has a blob with a wrong checksum"]


def test_overflow_page_of_two_rows_costs_the_second(tmp_path: Path) -> None:
    """Both long headers lead to the same page."""
    long_ones = [package("a", summary=["x" * 9_000]), package("b", summary=["y" * 9_000])]
    data = bytearray(sqlite(long_ones, tmp_path))
    (leaf,) = (start for start in range(4096, len(data), 4096) if data[start : start + 5] == b"\x0d\0\0\0\2")
    first = leaf + int.from_bytes(data[leaf + 8 : leaf + 10], "big")  # rows stand from the end, each in its page's part
    data[first - 4 : first] = data[leaf + 4092 : leaf + 4096]

    found, troubles = read(bytes(data))

    assert found == long_ones[:1]
    assert len(troubles) == 1
    assert troubles[0].endswith("is used twice")


def test_entries_that_overlap_end_the_reading() -> None:
    """Sixteen slots for one blob: a file of a megabyte is no larger for naming it often."""
    data = bytearray(ndb([package("a", summary=["x" * 50_000])]))
    slot = bytes(data[32:48])
    data[32 : 32 + 16 * 16] = slot * 16

    with pytest.raises(ValueError, match="overlap"):
        read(bytes(data))


@pytest.mark.parametrize("data", [bdb(HEADERS), ndb(HEADERS)], ids=["berkeley db", "ndb"])
def test_header_beyond_the_limit_costs_itself(data: bytes) -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, rpm_header_bytes=50_000)

    found, troubles = read(data, limits=limits)

    assert found == [HEADERS[0], HEADERS[2]]
    assert len(troubles) == 1
    assert " of 100" in troubles[0]


def test_content_ends_where_the_file_does() -> None:
    whole = content(b"0123456789")

    assert whole.read(2, 3) == b"234"
    for offset, length in [(-1, 1), (0, -1), (8, 3), (11, 0)]:
        with pytest.raises(ValueError, match="outside"):
            whole.read(offset, length)
    with pytest.raises(ValueError, match="ends before"):
        Content(io.BytesIO(b"01"), 10).read(0, 5)


def test_pages_are_entered_once() -> None:
    pages = Visited(2)
    pages.enter(1)

    for number in (1, 2, -1):
        with pytest.raises(ValueError):
            pages.enter(number)
