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
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.paths import clean_path
from assaymark.safeio.tarheader import (
    BLOCK,
    KINDS,
    WITHOUT_CONTENT,
    ZERO_BLOCK,
    Kind,
    decimal,
    header_fields,
    pax_records,
)

Parsed = TypeVar("Parsed")


class Member(msgspec.Struct, frozen=True):
    """One member: where its content begins, and how long it is."""

    name: str
    kind: Kind
    offset: int
    size: int
    target: str = ""


class _Header(msgspec.Struct, frozen=True):
    name: bytes
    type: bytes
    size: int
    link: bytes
    content: int


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
            size = _checked(decimal, (common | own)[b"size"], what)
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
    content = 0 if header.type in WITHOUT_CONTENT else size
    if header.content + content > end:
        raise ArtifactError(f"{what} is truncated: `{_text(header.name)[:200]}` reaches beyond its end")
    return header.content + -(-content // BLOCK) * BLOCK


def _member(header: _Header, size: int, records: dict[bytes, bytes], what: str) -> Member:
    if header.type == b"S" or any(key.startswith(b"GNU.sparse.") for key in records):
        raise ArtifactError(f"{what} holds a sparse member, which image archives never have")
    kind = KINDS.get(header.type, Kind.SPECIAL)
    link = _text(records.get(b"linkpath", header.link)) if kind in (Kind.SYMLINK, Kind.HARDLINK) else ""
    name = clean_path(_text(records.get(b"path", header.name))) or ""
    return Member(name, kind, header.content, size if kind is Kind.FILE else 0, link)


def _read_header(stream: BinaryIO, position: int, what: str) -> _Header | None:
    """The header at `position`; None at the end-of-archive marker or the end of the file."""
    stream.seek(position)
    block = stream.read(BLOCK)
    if not block or block == ZERO_BLOCK:
        return None
    if len(block) < BLOCK:
        raise ArtifactError(f"{what} is truncated or is not a tar")
    name, _, size, kind, link = _checked(header_fields, block, what)
    return _Header(name=name, type=kind, size=size, link=link.split(b"\0", 1)[0], content=position + BLOCK)


def _checked(parse: Callable[[bytes], Parsed], data: bytes, what: str) -> Parsed:
    """What a header or a record says; one that says nothing valid is an error of the whole archive."""
    try:
        return parse(data)
    except ValueError as exc:
        raise ArtifactError(f"{what} is not a tar, or is damaged: {exc}") from exc


def _read_record(stream: BinaryIO, header: _Header, limit: int, what: str) -> bytes:
    if header.size > limit:
        raise LimitError(f"{what} has an extended header of {header.size} bytes; the limit is {limit}")
    stream.seek(header.content)
    return stream.read(header.size)


def _pax_records(stream: BinaryIO, header: _Header, limits: Limits, what: str) -> dict[bytes, bytes]:
    records = _checked(pax_records, _read_record(stream, header, limits.tar_pax_bytes, what), what)
    too_long = max((len(records.get(key, b"")) for key in (b"path", b"linkpath")), default=0)
    if too_long > limits.tar_name_bytes:
        raise LimitError(f"{what} has a member name of {too_long} bytes; the limit is {limits.tar_name_bytes}")
    return records


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
