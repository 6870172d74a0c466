"""Checksums of blocks: what rots on disk is noticed when it is read."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from tests.support.database import trivy_db

from assaymark.advisories.bolt import BoltFile
from assaymark.advisories.page_sums import BLOCK, PageSums, SumWriter, find_sums
from assaymark.errors import DatabaseError


def sums_of(data: bytes, *, portion: int = 1000) -> bytes:
    writer = SumWriter()
    for at in range(0, len(data), portion):
        writer.update(data[at : at + portion])
    return writer.finish()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("portion", [1, 1000, BLOCK, 10 * BLOCK])
def test_sums_do_not_depend_on_portions(size: int, portion: int) -> None:
    data = bytes(number % 251 for number in range(size))
    blocks = [data[at : at + BLOCK] for at in range(0, size, BLOCK)]
    assert list(memoryview(sums_of(data, portion=portion)).cast("I")) == [zlib.crc32(block) for block in blocks]


def test_a_changed_byte_is_noticed_in_its_block_alone() -> None:
    data = bytearray(range(250)) * 100
    sums = PageSums(sums_of(bytes(data)), name="test.db")
    data[BLOCK + 5] ^= 1
    sums.verify(bytes(data), 0, BLOCK)
    with pytest.raises(DatabaseError, match=r"`test.db` has changed on disk .*block 1"):
        sums.verify(bytes(data), BLOCK - 1, BLOCK + 1)


def test_every_page_that_is_read_is_verified() -> None:
    """All of a database is walked; every flipped byte that a walk passes is an error."""
    data = trivy_db({"alpine 3.10": {f"p{number}": {"CVE-1": {"FixedVersion": "1"}} for number in range(400)}})
    sums = sums_of(data)
    for page in range(3, len(data) // BLOCK):  # behind the meta pages and the freelist
        changed = bytearray(data)
        changed[page * BLOCK + 40] ^= 1
        with pytest.raises(DatabaseError, match=f"block {page}"):
            walk(bytes(changed), PageSums(sums, name="test.db"))


def walk(data: bytes, sums: PageSums) -> None:
    for _, bucket in BoltFile(data, name="test.db", sums=sums).root.buckets():
        list(bucket.items())
        for _, package in bucket.buckets():
            list(package.items())


@pytest.mark.parametrize("sums", [b"", b"1234", None], ids=["empty", "of another size", "absent"])
def test_sums_of_another_file_are_none(tmp_path: Path, sums: bytes | None) -> None:
    path = tmp_path / "a.crc"
    if sums is not None:
        path.write_bytes(sums)
    assert find_sums(path, size=3 * BLOCK, name="test.db") is None
