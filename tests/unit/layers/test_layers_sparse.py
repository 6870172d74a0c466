from __future__ import annotations

import pytest
from tests.support.tars import END, chunked, member, pax, read_all

from assaymark.errors import ArtifactError
from assaymark.layers.tar import TarReader
from assaymark.limits import DEFAULT_LIMITS, Limits


def old_map(*segments: tuple[int, int], extended: bool = False, size: int = 0) -> bytes:
    entries = b"".join(b"%011o\0%011o\0" % segment for segment in segments).ljust(96, b"\0")
    return entries + (b"\1" if extended else b"\0") + b"%011o\0" % size


def extension(*segments: tuple[int, int], extended: bool = False) -> bytes:
    entries = b"".join(b"%011o\0%011o\0" % segment for segment in segments).ljust(504, b"\0")
    return entries + (b"\1" if extended else b"\0") + bytes(7)


def pax_map(text: str, size: int = 20) -> bytes:
    return pax(GNU__sparse__map=text, GNU__sparse__size=str(size), GNU__sparse__name="sparse")


EXPECTED = bytes(5) + b"abc" + bytes(4) + b"de" + bytes(6)
STORED = b"abcde"
FORMATS = {
    "old GNU": member("sparse", STORED, type=b"S", sparse=old_map((5, 3), (12, 2), size=20)),
    "old GNU, extended twice": member(
        "sparse", b"", type=b"S", size=b"00000000005\0", sparse=old_map((5, 1), (6, 1), (7, 1), extended=True, size=20)
    )
    + extension((12, 1), extended=True)
    + extension((13, 1))
    + STORED.ljust(512, b"\0"),
    "pax 0.0": member(
        "x",
        b"22 GNU.sparse.size=20\n23 GNU.sparse.offset=5\n25 GNU.sparse.numbytes=3\n"
        b"24 GNU.sparse.offset=12\n25 GNU.sparse.numbytes=2\n",
        type=b"x",
    )
    + member("sparse", STORED),
    "pax 0.1": pax_map("5,3,12,2") + member("GNUSparseFile.0/sparse", STORED),
    "pax 1.0": pax(
        GNU__sparse__major="1", GNU__sparse__minor="0", GNU__sparse__name="sparse", GNU__sparse__realsize="20"
    )
    + member("GNUSparseFile.0/sparse", b"2\n5\n3\n12\n2\n".ljust(512, b"\0") + STORED),
}


@pytest.mark.parametrize("data", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("chunk", [1 << 20, 7])
def test_holes_are_filled(data: bytes, chunk: int) -> None:
    actual = [
        (entry.name, entry.size, content) for entry, content in read_all(data + member("next", b"n") + END, chunk=chunk)
    ]

    assert actual == [("sparse", 20, EXPECTED), ("next", 1, b"n")]


@pytest.mark.parametrize("data", FORMATS.values(), ids=FORMATS)
def test_what_is_not_read_is_skipped(data: bytes) -> None:
    reader = TarReader(chunked(data + member("next") + END), limits=DEFAULT_LIMITS, what="x")

    assert [entry.name for entry in reader] == ["sparse", "next"]


def test_a_map_of_several_blocks() -> None:
    count = 100
    text = b"%d\n" % count + b"".join(b"%d\n1\n" % (offset * 2) for offset in range(count))
    header = pax(GNU__sparse__major="1", GNU__sparse__name="sparse", GNU__sparse__realsize="200")
    data = header + member("x", text.ljust(-(-len(text) // 512) * 512, b"\0") + b"a" * count) + END

    assert [content for _, content in read_all(data, limits=Limits(tar_sparse_segments=count))] == [b"a\0" * count]


def test_a_file_of_holes_only() -> None:
    data = pax_map("", 600_000) + member("x") + pax_map("600000,0", 600_000) + member("x") + END

    assert [content for _, content in read_all(data)] == [bytes(600_000)] * 2


def test_a_terabyte_of_holes_is_a_number() -> None:
    reader = TarReader(chunked(pax_map("0,1", 1 << 40) + member("x", b"a") + END), limits=DEFAULT_LIMITS, what="x")

    assert [entry.size for entry in reader] == [1 << 40]


def test_sparse_records_of_something_that_is_no_file_are_ignored() -> None:
    data = pax_map("5,3,12,2") + member("x", type=b"2", link=b"to") + END

    assert [(entry.name, entry.target, entry.size) for entry, _ in read_all(data)] == [("sparse", "to", 0)]


def one_zero(first: bytes) -> bytes:
    return pax(GNU__sparse__major="1", GNU__sparse__realsize="20") + member("s", first.ljust(512, b"\0") + STORED)


BAD = {
    "overlapping segments": pax_map("5,3,7,2") + member("s", STORED),
    "a segment beyond the end": pax_map("5,3,19,2") + member("s", STORED),
    "segments out of order": pax_map("12,2,5,3") + member("s", STORED),
    "half a segment": pax_map("5,3,12") + member("s", STORED),
    "words": pax_map("five,3") + member("s", STORED),
    "less content than segments": pax_map("5,3,12,2") + member("s", b"abc"),
    "more content than segments": pax_map("5,3") + member("s", STORED),
    "no size": pax(GNU__sparse__map="5,3,12,2") + member("s", STORED),
    "too many segments in a pax map": pax_map("0,0," * 12 + "5,5") + member("s", STORED),
    "too many segments in old extensions": member("s", b"", type=b"S", sparse=old_map((0, 0), extended=True, size=20))
    + extension(*[(0, 0)] * 21)[:504]
    + b"\1"
    + bytes(7),
    "a negative old segment": member("s", STORED, type=b"S", sparse=b"\xff" * 24 + bytes(72) + old_map(size=20)[96:]),
    "old extensions that do not come": member("s", b"", type=b"S", sparse=old_map(extended=True)),
    "too many segments in a 1.0 map": one_zero(b"11\n"),
    "a 1.0 map without lines": one_zero(b"2\n5\n3\n12"),
    "a 1.0 map of lines without end": one_zero(b"2\n5\n3" + b"0" * 700),
    "a 1.0 map whose count has no end": one_zero(b"0" * 700),
    "a 1.0 map of words": one_zero(b"two\n5\n3\n12\n2\n"),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_maps_that_lie(data: bytes) -> None:
    with pytest.raises(ArtifactError, match="is not a valid tar archive"):
        read_all(data, limits=Limits(tar_sparse_segments=10))
