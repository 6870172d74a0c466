"""One 512-byte tar header, and the records of a pax header.

Sources: POSIX.1-2017 `pax` ("ustar Interchange Format", "pax Extended Header"), the GNU tar manual ("Basic Tar
Format"), and for what is tolerated Go's `archive/tar`, with which container engines and the reference read layers.

Rules:

- The checksum is compared (as Adler-32's low half, which is the sum of the bytes modulo 65521 at C speed: it tells tar
  from garbage, while the content's authenticity is the diff_id's).
- Numbers are octal digits between blanks and NULs, or base-256 when the first bit is set; negative sizes and anything
  beyond 63 bits are errors (CVE-2019-20907, CVE-2025-8194).
- The ustar prefix counts for ustar and pax headers only; GNU keeps other fields there.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from struct import Struct
from typing import Final
from zlib import adler32

BLOCK: Final = 512
ZERO_BLOCK: Final = bytes(BLOCK)

_FIELDS: Final = Struct("100s8s16x12s12x8s1s100s8s80x155s12x")  # name, mode, size, checksum, type, link, magic, prefix
_USTAR: Final = b"ustar\0"
_STAR_TRAILER: Final = b"tar\0"
_MAX_NUMBER: Final = 1 << 63
_ADLER_MODULUS: Final = 65521
_NAMES: Final = frozenset({b"path", b"linkpath", b"GNU.sparse.name"})
_SPARSE_PAIRS: Final = frozenset({b"GNU.sparse.offset", b"GNU.sparse.numbytes"})


class Kind(Enum):
    """What a member is to a container's file system."""

    FILE = "file"
    FOLDER = "directory"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    SPECIAL = "device, FIFO or anything else"


KINDS: Final = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.SPECIAL,  # "contiguous file": Go tells it apart from a regular one, and so does the reference
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"5": Kind.FOLDER,
}
WITHOUT_CONTENT: Final = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
"""Types whose size field does not announce content, whatever it says."""


def header_fields(block: bytes) -> tuple[bytes, bytes, int, bytes, bytes]:
    """Name, mode field, size, type and link field of a header block.

    Raises:
        ValueError: the checksum or the size is wrong.
    """
    name, mode, size, checksum, kind, link, magic, prefix = _FIELDS.unpack(block)
    total = (adler32(block, 0) & 0xFFFF) - (adler32(checksum, 0) & 0xFFFF) + 8 * 0x20
    if (total - parse_number(checksum)) % _ADLER_MODULUS:
        _check_signed(block, checksum)
    name = name.partition(b"\0")[0]
    if prefix[0] and magic.startswith(_USTAR):
        prefix = prefix[:131] if block.endswith(_STAR_TRAILER) else prefix
        name = prefix.partition(b"\0")[0] + b"/" + name
    length = parse_number(size)
    if length < 0:
        raise ValueError("a size is negative")
    return name, mode, length, kind, link


@lru_cache(maxsize=512)
def parse_mode(field: bytes) -> int:
    """The permission bits of a mode field; a layer has a handful of different ones."""
    return parse_number(field) & 0o7777


def parse_number(field: bytes) -> int:
    """The value of a numeric field: octal digits, or base-256 in two's complement; an empty field is zero.

    Raises:
        ValueError: it is neither, or beyond 63 bits.
    """
    digits = field.strip(b" \0")
    if digits.isdigit():
        return int(digits, 8)
    if not digits:
        return 0
    if field[0] & 0x80:
        return _base_256(field)
    digits = digits.partition(b"\0")[0].rstrip()  # something behind the NUL that ends the number
    if digits.isdigit():
        return int(digits, 8)
    raise ValueError("a number is not octal")


def pax_records(data: bytes) -> dict[bytes, bytes]:
    r"""The records `length key=value\n` of a pax header; an empty value takes a record back.

    `GNU.sparse.offset` and `GNU.sparse.numbytes` (format 0.0) repeat, and are joined as format 0.1's `GNU.sparse.map`.

    Raises:
        ValueError: a length does not fit, or a name contains NUL.
    """
    records: dict[bytes, bytes] = {}
    sparse: list[bytes] = []
    position = 0
    while position < len(data):
        space = data.find(b" ", position, position + 20)
        length = data[position:space] if space > 0 else b""
        end = position + int(length) if length.isdigit() else 0
        if end > len(data) or end <= space + 1 or data[end - 1] != 0x0A:
            raise ValueError("a pax record has the wrong length")
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not equals or not key or (key in _NAMES and b"\0" in value):
            raise ValueError("a pax record is malformed")
        if key in _SPARSE_PAIRS:
            sparse.append(value)
        records[key] = value
        position = end
    if sparse:
        records[b"GNU.sparse.map"] = b",".join(sparse)
    return records


def decimal(text: bytes) -> int:
    """A decimal number of a pax record.

    Raises:
        ValueError: it is none, negative, or beyond 63 bits.
    """
    if not text.isdigit() or len(text) > 19 or int(text) >= _MAX_NUMBER:
        raise ValueError("a number of a pax header is out of range")
    return int(text)


def _base_256(field: bytes) -> int:
    negative = bool(field[0] & 0x40)
    number = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
    if negative:
        number -= 1 << (8 * len(field) - 1)
    if not -_MAX_NUMBER <= number < _MAX_NUMBER:
        raise ValueError("a number is beyond 63 bits")
    return number


def _check_signed(block: bytes, checksum: bytes) -> None:
    """Old tars added the bytes as signed characters."""
    plain = block[:148] + b" " * 8 + block[156:]
    if sum(byte - 256 if byte > 127 else byte for byte in plain) != parse_number(checksum):
        raise ValueError("a header has the wrong checksum")
