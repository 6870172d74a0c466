"""Where the members of a seekable, uncompressed tar lie: one pass over the headers, no content read.

Reads: ustar (POSIX.1-1988), pax (POSIX.1-2001: `path`, `linkpath`, `size`) and GNU tar (long names, base-256
numbers), as `docker save`, `podman save`, `skopeo` and `crane` write image archives. Layers, which are streams with
many more members, are read elsewhere.

Rules:
    1. Header checksums are verified; a member that reaches beyond the end of the file is an error.
    2. The first member of a name wins, as in the reference's search from the front.
    3. Names are normalised; those that lead out of the archive's root are left out, since nothing asks for them.
    4. Sparse members are refused: no tool stores parts of an image that way.
    5. Counts, names and pax records are bounded before they are read (CVE-2019-20907, CVE-2025-8194).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.paths import clean_path

BLOCK: Final = 512
_ZERO_BLOCK: Final = bytes(BLOCK)


class MemberKind(Enum):
    """What a member is to a reader of an image archive."""

    FILE = "file"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    OTHER = "directory or device"


class Member(msgspec.Struct, frozen=True):
    """One member: where its content begins, and how long it is."""

    name: str
    kind: MemberKind
    offset: int
    size: int
    target: str = ""


class _Header(msgspec.Struct, frozen=True):
    name: bytes
    type: bytes
    size: int
    link: bytes
    content: int


_KINDS: Final = {
    b"0": MemberKind.FILE,
    b"\0": MemberKind.FILE,
    b"7": MemberKind.FILE,
    b"1": MemberKind.HARDLINK,
    b"2": MemberKind.SYMLINK,
}
_WITHOUT_CONTENT: Final = (b"1", b"2", b"3", b"4", b"5", b"6")


def read_tar_index(stream: BinaryIO, *, limits: Limits, what: str) -> dict[str, Member]:
    """The members of the tar in `stream`, by normalised name.

    Raises:
        ArtifactError: not a tar, or a damaged one.
        LimitError: more members, longer names or longer pax records than allowed.
    """
    members: dict[str, Member] = {}
    names = 0
    for number, member in enumerate(_members(stream, limits, what)):
        names += len(member.name) + len(member.target)
        if number >= limits.archive_members or names > limits.archive_name_bytes:
            raise LimitError(f"{what} has more members or longer names than allowed ({limits.archive_members} members)")
        if member.name:
            members.setdefault(member.name, member)
    return members


def _members(stream: BinaryIO, limits: Limits, what: str) -> Iterator[Member]:
    """Members in order, with the records before them (pax, GNU long names) applied."""
    common: dict[bytes, bytes] = {}
    own: dict[bytes, bytes] = {}
    end = stream.seek(0, os.SEEK_END)
    position = 0
    while (header := _read_header(stream, position, what)) is not None:
        size = header.size
        if header.type not in b"xgLK" and b"size" in own | common:
            size = _decimal((common | own)[b"size"], what)
        position = _next_header(header, size, end, what)
        if header.type in (b"x", b"g"):
            (own if header.type == b"x" else common).update(_pax_records(stream, header, limits, what))
        elif header.type in (b"L", b"K"):
            key = b"path" if header.type == b"L" else b"linkpath"
            own[key] = _read_record(stream, header, limits.tar_name_bytes, what).split(b"\0", 1)[0]
        else:
            yield _member(header, size, common | own, what)
            own = {}


def _next_header(header: _Header, size: int, end: int, what: str) -> int:
    content = 0 if header.type in _WITHOUT_CONTENT else size
    if header.content + content > end:
        raise ArtifactError(f"{what} is truncated: `{_text(header.name)[:200]}` reaches beyond its end")
    return header.content + -(-content // BLOCK) * BLOCK


def _member(header: _Header, size: int, records: dict[bytes, bytes], what: str) -> Member:
    if header.type == b"S" or any(key.startswith(b"GNU.sparse.") for key in records):
        raise ArtifactError(f"{what} holds a sparse member, which image archives never have")
    kind = _KINDS.get(header.type, MemberKind.OTHER)
    link = _text(records.get(b"linkpath", header.link)) if kind in (MemberKind.SYMLINK, MemberKind.HARDLINK) else ""
    name = clean_path(_text(records.get(b"path", header.name))) or ""
    return Member(name, kind, header.content, size if kind is MemberKind.FILE else 0, link)


def _read_header(stream: BinaryIO, position: int, what: str) -> _Header | None:
    """The header at `position`; None at the end-of-archive marker or the end of the file."""
    stream.seek(position)
    block = stream.read(BLOCK)
    if not block or block == _ZERO_BLOCK:
        return None
    if len(block) < BLOCK:
        raise ArtifactError(f"{what} is truncated or is not a tar")
    _verify_checksum(block, what)
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return _Header(
        name=prefix + b"/" + name if prefix else name,
        type=block[156:157],
        size=_number(block[124:136], what),
        link=block[157:257].split(b"\0", 1)[0],
        content=position + BLOCK,
    )


def _verify_checksum(block: bytes, what: str) -> None:
    """The sum of all bytes with the checksum field as blanks; old programs summed signed bytes."""
    stated = _number(block[148:156], what)
    counted = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(counted)
    signed = unsigned - 256 * sum(byte > 127 for byte in counted)
    if stated not in (unsigned, signed):
        raise ArtifactError(f"{what} is not a tar, or is damaged: a header has a wrong checksum")


def _number(field: bytes, what: str) -> int:
    """Octal digits, or GNU's base-256 form with its first bit set; a negative number is never valid here."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40 or value >= 2**63:
            raise ArtifactError(f"{what} is damaged: a header states an impossible size")
        return value
    digits = field.strip(b"\0 ")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise ArtifactError(f"{what} is not a tar, or is damaged: a header field is not a number")
    return int(digits, 8)


def _decimal(text: bytes, what: str) -> int:
    if not text.isdigit() or len(text) > 18:
        raise ArtifactError(f"{what} is damaged: a pax record states an impossible size")
    return int(text)


def _read_record(stream: BinaryIO, header: _Header, limit: int, what: str) -> bytes:
    if header.size > limit:
        raise LimitError(f"{what} has an extended header of {header.size} bytes; the limit is {limit}")
    stream.seek(header.content)
    return stream.read(header.size)


def _pax_records(stream: BinaryIO, header: _Header, limits: Limits, what: str) -> dict[bytes, bytes]:
    """Records of the form `length key=value` and a line feed, where the length counts the whole record."""
    data = _read_record(stream, header, limits.tar_pax_bytes, what)
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(data) and data[position] != 0:
        digits, blank, _ = data[position : position + 20].partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 10 else 0
        record = data[position : position + length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if not blank or len(record) != length or not record.endswith(b"\n") or not equals:
            raise ArtifactError(f"{what} is damaged: a pax record is malformed")
        records[key] = value
        position += length
    too_long = max((len(records.get(key, b"")) for key in (b"path", b"linkpath")), default=0)
    if too_long > limits.tar_name_bytes:
        raise LimitError(f"{what} has a member name of {too_long} bytes; the limit is {limits.tar_name_bytes}")
    return records


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
