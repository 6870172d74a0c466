"""The little of DER (X.690) that timestamps and certificate extensions need, written and read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

INTEGER: Final = 0x02
OCTETS: Final = 0x04
OBJECT: Final = 0x06
UTF8: Final = 0x0C
SEQUENCE: Final = 0x30
SET: Final = 0x31
NULL: Final = b"\x05\x00"


def tagged(tag: int, content: bytes) -> bytes:
    """One value with its length."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return tagged(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """A SET OF: its members in the order of their encodings."""
    return tagged(SET, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    return tagged(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def octets(value: bytes) -> bytes:
    return tagged(OCTETS, value)


def utf8(text: str) -> bytes:
    return tagged(UTF8, text.encode())


def object_identifier(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return tagged(OBJECT, content)


def generalized_time(moment: datetime) -> bytes:
    return tagged(0x18, f"{moment.astimezone(UTC):%Y%m%d%H%M%SZ}".encode())


def utc_time(moment: datetime) -> bytes:
    return tagged(0x17, f"{moment.astimezone(UTC):%y%m%d%H%M%SZ}".encode())


def context(number: int, content: bytes) -> bytes:
    """[number], constructed: EXPLICIT around a value, IMPLICIT around a value's content."""
    return tagged(0xA0 | number, content)


def algorithm(dotted: str, parameters: bytes = b"") -> bytes:
    return sequence(object_identifier(dotted), parameters)


def values(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The values that follow each other: tag, content, and the whole encoding.

    Raises:
        ValueError: it is cut short.
    """
    while content:
        tag, whole, start = content[0], content, 2
        size = content[1] if len(content) > 1 else 0x80
        if size >= 0x80:
            start = 2 + (size & 0x7F)
            size = int.from_bytes(content[2:start])
        if start + size > len(content) or (start == 2 and size == 0x80):
            raise ValueError("DER that is cut short")
        yield tag, content[start : start + size], whole[: start + size]
        content = content[start + size :]


def children(encoded: bytes) -> list[tuple[int, bytes, bytes]]:
    """The members of one constructed value."""
    [(_, content, _)] = values(encoded)
    return list(values(content))
