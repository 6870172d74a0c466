"""Tar streams header by header, so that each field can lie; and what the reader makes of them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from assaymark.layers.tar import Entry, TarReader
from assaymark.limits import DEFAULT_LIMITS, Limits

END = bytes(1024)


def chunked(data: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read_all(data: bytes, *, chunk: int = 1 << 20, limits: Limits = DEFAULT_LIMITS) -> list[tuple[Entry, bytes]]:
    reader = TarReader(chunked(data, chunk), limits=limits, what="sha256:x")
    return [(entry, b"".join(reader.content())) for entry in reader]


def member(name: str = "file", data: bytes = b"", **fields: bytes) -> bytes:
    """One header, fields replaced where it is wished, and its content."""
    header = tarfile.TarInfo(name)
    header.size = len(data)
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT)[-512:])
    for field, value in fields.items():
        start = {
            "mode": 100,
            "size": 124,
            "type": 156,
            "link": 157,
            "magic": 257,
            "sparse": 386,
            "prefix": 345,
            "end": 508,
        }
        block[start[field] : start[field] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data + bytes(-len(data) % 512)


def pax(type_: bytes = b"x", **records: str | bytes) -> bytes:
    data = b""
    for key, value in records.items():
        body = (
            b" "
            + key.replace("__", ".").encode()
            + b"="
            + (value.encode() if isinstance(value, str) else value)
            + b"\n"
        )
        length = len(body)
        while len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        data += str(length).encode() + body
    return member("PaxHeaders/x", data, type=type_)
