"""Headers of rpm packages."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack

import msgspec
import pytest
from tests.support.rpm_headers import BINARY, INT32, LOCALISED, STRING, STRINGS, header, package

from assaymark.inventory.rpm.header import Header, Tag, header_bytes, parse_header
from assaymark.limits import DEFAULT_LIMITS


def anything(_words: int, _size: int) -> bool:
    return True


def parsed(data: bytes) -> Header:
    return parse_header(data, limits=DEFAULT_LIMITS)


def test_values_of_every_type() -> None:
    read = parsed(
        header(
            {
                1000: (STRING, "bash"),
                1003: (INT32, [-1, 2]),
                1011: (LOCALISED, ["GNU", "GNU (deutsch)"]),
                1047: (STRINGS, ["a", "", "c"]),
            },
            dribbles={261: (BINARY, b"\0\1\xff")},
        )
    )

    assert read.text(Tag.NAME) == "bash"
    assert read.numbers(Tag.EPOCH) == (-1, 2)
    assert read.text(Tag.VENDOR) == "GNU"
    assert read.texts(Tag.PROVIDENAME, fits=anything) == ["a", "", "c"]
    assert read.count(Tag.PROVIDENAME) == 3
    assert read.octets(Tag.SIGMD5) == b"\0\1\xff"


def test_missing_tags_are_empty() -> None:
    read = parsed(header({5: (STRING, "no tag of ours")}))

    assert read.text(Tag.NAME) == ""
    assert read.numbers(Tag.EPOCH) == ()
    assert read.texts(Tag.PROVIDENAME, fits=anything) == []
    assert read.count(Tag.PROVIDENAME) == 0
    assert read.octets(Tag.SIGMD5) == b""


def test_what_was_added_at_installation_replaces_the_region() -> None:
    read = parsed(header({1000: (STRING, "signed")}, dribbles={1000: (STRING, "installed")}))

    assert read.text(Tag.NAME) == "installed"


def test_headers_of_rpm_3_have_no_region() -> None:
    assert parsed(header({1000: (STRING, "old")}, region=False)).text(Tag.NAME) == "old"


def test_region_without_a_trailer_of_its_own() -> None:
    """rpm writes offset 0 when it makes a region of an old header."""
    whole = bytearray(header({1000: (STRING, "old")}))
    whole[16:20] = bytes(4)

    assert parsed(bytes(whole)).text(Tag.NAME) == "old"


def test_array_ends_where_other_data_begins() -> None:
    read = parsed(header({1047: (STRINGS, ["a", "b"]), 1049: (STRINGS, ["c"])}, region=False))

    assert read.texts(Tag.PROVIDENAME, fits=anything) == ["a", "b"]


def test_array_that_does_not_fit_is_not_decoded() -> None:
    asked: list[tuple[int, int]] = []

    def refuse(words: int, size: int) -> bool:
        asked.append((words, size))
        return False

    assert parsed(header({1047: (STRINGS, ["a", "bc"])}, region=False)).texts(Tag.PROVIDENAME, fits=refuse) == []
    assert asked == [(2, 5)]


def test_bytes_that_are_no_text_are_replaced() -> None:
    read = parsed(header({1000: (STRING, b"a\xff"), 1047: (STRINGS, [b"\xfe", "b"])}))

    assert read.text(Tag.NAME) == "a\ufffd"
    assert read.texts(Tag.PROVIDENAME, fits=anything) == ["\ufffd", "b"]


def test_length_is_in_the_first_eight_bytes() -> None:
    whole = package()

    assert header_bytes(whole[:8]) == len(whole)
    assert parsed(whole + b"payload").text(Tag.NAME) == "bash"


def entry(tag: int, kind: int, offset: int, count: int) -> bytes:
    return pack(">IIiI", tag, kind, offset, count)


def made(*entries: bytes, data: bytes = b"") -> bytes:
    return pack(">II", len(entries), len(data)) + b"".join(entries) + data


TRAILER = entry(63, BINARY, -16, 16)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="no byte"),
        pytest.param(bytes(7), id="less than the lengths"),
        pytest.param(made(), id="no entry"),
        pytest.param(pack(">II", 1, 0), id="an entry that is not there"),
        pytest.param(pack(">II", 2**31, 0), id="two milliards of entries"),
        pytest.param(pack(">II", 70_000, 0) + bytes(16 * 70_000), id="more entries than rpm allows"),
        pytest.param(made(entry(1000, STRING, 0, 1), data=b"a\0")[:-1], id="data that ends too early"),
        pytest.param(pack(">II", 1, 2**32 - 1) + entry(1000, STRING, 0, 1), id="four gigabytes of data"),
        pytest.param(made(entry(1000, 10, 0, 1), data=b"a\0"), id="a type that does not exist"),
        pytest.param(made(entry(1000, STRING, -1, 1), data=b"a\0"), id="a negative offset"),
        pytest.param(made(entry(1000, STRING, 3, 1), data=b"a\0"), id="an offset behind the data"),
        pytest.param(made(entry(63, STRING, 2, 16), data=b"a\0" + TRAILER), id="a region of another type"),
        pytest.param(made(entry(63, BINARY, 4, 16), data=b"a\0" + TRAILER), id="a trailer that leaves the data"),
        pytest.param(made(entry(63, BINARY, 2, 16), data=b"a\0" + bytes(16)), id="no trailer"),
        pytest.param(
            made(entry(63, BINARY, 2, 16), data=b"a\0" + entry(63, BINARY, -32, 16)), id="a region beyond the index"
        ),
        pytest.param(
            made(entry(63, BINARY, 2, 16), data=b"a\0" + entry(63, BINARY, -15, 16)), id="a region of half an entry"
        ),
    ],
)
def test_malformed_headers(data: bytes) -> None:
    with pytest.raises(ValueError):
        parsed(data)


@pytest.mark.parametrize(
    ("data", "read"),
    [
        pytest.param(
            made(entry(1000, INT32, 0, 1), data=bytes(4)), lambda it: it.text(Tag.NAME), id="a number as text"
        ),
        pytest.param(
            made(entry(1000, STRING, 0, 1), data=b"abc"), lambda it: it.text(Tag.NAME), id="a text without end"
        ),
        pytest.param(
            made(entry(1003, STRING, 0, 1), data=b"1\0"), lambda it: it.numbers(Tag.EPOCH), id="a text as number"
        ),
        pytest.param(
            made(entry(1003, INT32, 0, 2**31), data=bytes(8)), lambda it: it.numbers(Tag.EPOCH), id="2 GiB of numbers"
        ),
        pytest.param(
            made(entry(1047, STRINGS, 0, 2**31), data=bytes(8)),
            lambda it: it.texts(Tag.PROVIDENAME, fits=anything),
            id="2 GiB of texts",
        ),
        pytest.param(
            made(entry(1047, STRINGS, 0, 3), data=b"a\0b\0"),
            lambda it: it.texts(Tag.PROVIDENAME, fits=anything),
            id="fewer texts than promised",
        ),
        pytest.param(
            made(entry(261, BINARY, 0, 17), data=bytes(16)), lambda it: it.octets(Tag.SIGMD5), id="too many bytes"
        ),
    ],
)
def test_malformed_values(data: bytes, read: Callable[[Header], object]) -> None:
    with pytest.raises(ValueError):
        read(parsed(data))


def test_header_beyond_the_limit() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, rpm_header_bytes=100)

    with pytest.raises(ValueError, match="a header of"):
        parse_header(package(), limits=limits)
