"""BoltDB files: what the writer writes, the reader reads, and nothing damaged is read."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import pytest

from assaymark.advisories.bolt import BoltFile, Bucket, fnv1a_64, open_bolt
from assaymark.advisories.bolt_writer import MAX_KEY, PAGE_SIZE, write_bolt
from assaymark.errors import DatabaseError

META_BODY = 56


def dump(bucket: Bucket) -> dict[bytes, Any]:
    return dict(bucket.items()) | {name: dump(nested) for name, nested in bucket.buckets()}


def read(data: bytes) -> BoltFile:
    return BoltFile(data, name="test.db")


def sealed(data: bytearray, page: int) -> bytes:
    """`data` with the checksum of a meta page made right again."""
    start = page * PAGE_SIZE + 16
    struct.pack_into("<Q", data, start + META_BODY, fnv1a_64(bytes(data[start : start + META_BODY])))
    return bytes(data)


def root_page(data: bytes) -> int:
    return read(data).meta.root * PAGE_SIZE


BIG = {b"b%06d" % number: b"v" * (number % 97) for number in range(20_000)}
TREES: dict[str, dict[bytes, Any]] = {
    "no buckets": {},
    "an empty bucket": {b"bucket": {}},
    "an inline bucket": {b"bucket": {b"key": b"value"}},
    "an empty value is a value": {b"bucket": {b"key": b""}},
    "three levels": {b"source": {b"package": {b"id": b"{}"}, b"other": {}}},
    "a tree of several levels": {b"bucket": BIG},
    "values larger than a page": {b"bucket": {b"a": b"x" * 70_000, b"b": b"y", b"c": b"z" * 5_000}},
    "many buckets": {b"bucket %d" % number: {b"p": {b"i": b"v"}} for number in range(700)},
    "long keys": {b"bucket": {bytes([65 + number]) * MAX_KEY: b"" for number in range(40)}},
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_what_is_written_is_read(tree: dict[bytes, Any]) -> None:
    assert dump(read(write_bolt(tree)).root) == tree


@pytest.mark.parametrize("tree", [{b"": {}}, {b"b": {b"": b"v"}}, {b"b": {b"k" * (MAX_KEY + 1): b""}}, {b"k": b"v"}])
def test_what_the_format_does_not_allow_is_not_written(tree: dict[bytes, Any]) -> None:
    with pytest.raises(ValueError):
        write_bolt(tree)


def test_every_key_is_found_and_no_other() -> None:
    bucket = read(write_bolt({b"bucket": BIG})).root.bucket(b"bucket")
    assert bucket is not None
    assert {key: bucket.get(key) for key in BIG} == BIG
    absent = [b"", b"a", b"b", b"b000001x", b"b02", b"c", b"b019999\0", b"\xff"]
    assert [bucket.get(key) for key in absent] == [None] * len(absent)


def test_a_prefix_yields_its_keys_in_order() -> None:
    bucket = read(write_bolt({b"bucket": BIG})).root.bucket(b"bucket")
    assert bucket is not None
    for prefix in (b"b0001", b"b01999", b"b000000", b"b", b"", b"c", b"a"):
        assert list(bucket.items(prefix)) == [(key, value) for key, value in BIG.items() if key.startswith(prefix)]


def test_values_and_buckets_are_not_mixed_up() -> None:
    root = read(write_bolt({b"bucket": {b"nested": {b"k": b"v"}, b"value": b"1"}})).root
    bucket = root.bucket(b"bucket")
    assert bucket is not None
    assert (root.get(b"bucket"), bucket.get(b"nested"), bucket.bucket(b"value"), bucket.bucket(b"none")) == (None,) * 4
    assert list(bucket.items()) == [(b"value", b"1")]
    assert [name for name, _ in bucket.buckets()] == [b"nested"]


def test_a_file_is_mapped_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(write_bolt(TREES["three levels"]))
    with open_bolt(path) as file:
        assert dump(file.root) == TREES["three levels"]
    path.unlink()


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100_000, b"SQLite format 3\0" * 1000, None], ids=["empty", "zero", "foreign", "absent"]
)
def test_what_is_no_boltdb_file_is_refused(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "a.db"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(DatabaseError, match=r"a\.db"), open_bolt(path):
        pass


def test_of_two_meta_pages_the_newer_is_in_force() -> None:
    data = bytearray(write_bolt({b"bucket": {b"key": b"value"}}))
    for page, transaction in ((0, 9), (1, 4)):
        struct.pack_into("<Q", data, page * PAGE_SIZE + 16 + 48, transaction)
        data = bytearray(sealed(data, page))
    assert read(bytes(data)).meta.transaction == 9


@pytest.mark.parametrize("page", [0, 1])
def test_a_damaged_meta_page_is_a_damaged_file(page: int) -> None:
    data = bytearray(write_bolt({b"bucket": {b"key": b"value"}}))
    data[page * PAGE_SIZE + 16 + 20] ^= 1
    with pytest.raises(DatabaseError, match="damaged"):
        read(bytes(data))


def test_a_file_cut_short_is_refused() -> None:
    data = write_bolt({b"bucket": BIG})
    with pytest.raises(DatabaseError, match="shorter"):
        read(data[: len(data) - PAGE_SIZE])


def patched(offset: int, form: str, *values: int) -> bytes:
    """The big tree with something else at `offset` of the root bucket's page."""
    data = bytearray(write_bolt({b"bucket": BIG, b"second": BIG}))
    struct.pack_into(form, data, root_page(bytes(data)) + offset, *values)
    return bytes(data)


DAMAGE = {
    "a page with another page's number": patched(0, "<Q", 77),
    "a page of no known kind": patched(8, "<H", 0x10),
    "more elements than the page has room for": patched(10, "<H", 0xFFFF),
    "an overflow beyond the file": patched(12, "<I", 0xFFFFFFFF),
    "a key before the table's end": patched(16 + 4, "<I", 0),
    "a key behind the page": patched(16 + 4, "<I", 5000),
    "a key longer than the page": patched(16 + 8, "<I", 0x7FFFFFFF),
    "a value longer than the page": patched(16 + 12, "<I", 0xFFFFFFFF),
    "an element of no known kind": patched(16, "<I", 4),
    "a bucket whose header is cut": patched(16 + 12, "<I", 3),
}


@pytest.mark.parametrize("data", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_page_is_an_error_and_not_a_miss(data: bytes) -> None:
    with pytest.raises(DatabaseError):
        dump(read(data).root)
    with pytest.raises(DatabaseError):
        read(data).root.bucket(b"bucket")


def bucket_page(data: bytes, file: BoltFile) -> int:
    """Where the root page of the bucket `bucket` begins."""
    start = root_page(data)
    at = start + 16
    _, position, size, _ = struct.unpack_from("<IIII", data, at)
    return int(struct.unpack_from("<Q", data, at + position + size)[0]) * file.meta.page_size


@pytest.mark.parametrize(
    "target",
    [0, 1, 2**40, "root", "self"],
    ids=["a meta page", "the other", "beyond the file", "the root bucket's page", "itself"],
)
def test_a_branch_that_leads_astray_is_an_error(target: int | str) -> None:
    data = bytearray(write_bolt({b"bucket": BIG}))
    file = read(bytes(data))
    branch = bucket_page(bytes(data), file)
    number = {"root": file.meta.root, "self": branch // PAGE_SIZE}.get(str(target), target)
    for index in range(4):
        struct.pack_into("<Q", data, branch + 16 + 16 * index + 8, number)
    bucket = read(bytes(data)).root.bucket(b"bucket")
    assert bucket is not None
    with pytest.raises(DatabaseError):
        bucket.get(b"b000001")
    with pytest.raises(DatabaseError):
        list(bucket.items())


def test_two_children_in_the_wrong_order_are_noticed() -> None:
    data = bytearray(write_bolt({b"bucket": BIG}))
    branch = bucket_page(bytes(data), read(bytes(data)))
    first, second = branch + 16 + 8, branch + 32 + 8
    data[first : first + 8], data[second : second + 8] = data[second : second + 8], data[first : first + 8]
    bucket = read(bytes(data)).root.bucket(b"bucket")
    assert bucket is not None
    with pytest.raises(DatabaseError):
        bucket.get(b"b000001")


def test_a_damaged_key_never_hides_another_one() -> None:
    """One byte of one key changes: every other key is found as before, or the search says that keys are out of order."""
    keys = {b"key-%04d" % number: b"value" for number in range(150)}
    data = write_bolt({b"bucket": keys})
    for seed in range(40):
        chance = random.Random(seed)
        victim = b"key-%04d" % chance.randrange(150)
        at = data.index(victim) + chance.randrange(len(victim))
        changed = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        bucket = read(changed).root.bucket(b"bucket")
        assert bucket is not None
        for key in keys.keys() - {victim}:
            try:
                assert bucket.get(key) == b"value"
            except DatabaseError:
                continue


def test_a_page_that_is_searched_again_is_compared_throughout() -> None:
    """Nothing is out of order beside the place of the search, so only the whole page shows it."""
    data = bytearray(write_bolt({b"bucket": {b"key-%04d" % number: b"value" for number in range(150)}}))
    at = data.index(b"key-0100")
    data[at : at + 8] = b"key-9100"
    bucket = read(bytes(data)).root.bucket(b"bucket")
    assert bucket is not None

    assert bucket.get(b"key-0002") == b"value"
    with pytest.raises(DatabaseError, match="out of order"):
        bucket.get(b"key-0003")
