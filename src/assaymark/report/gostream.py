r"""Large documents as Go writes them (`assaymark.report.gojson`), piece by piece.

A report of 100,000 packages has a hundred megabytes, and an encoder that makes it whole holds it several times. Here a
struct is written around the long members that its caller names, and these element by element:

1. A struct is encoded with the number 0 in the place of each such member; the document is cut there. A line that begins
   with the struct's own indentation and the member's name is that member and nothing else, because no string holds a
   raw line feed.
2. Elements are encoded some at a time and moved to their column: every line feed stands between lines. How many depends
   on how large those before them were: a package may own a thousand files, or files with names of megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from assaymark.report.gojson import encode_go

_AT_ONCE: Final = 256
_PIECE_BYTES: Final = 1024 * 1024
_INDENT: Final = b"  "

LongMembers = Mapping[type, tuple[str, ...]]
"""Which members of which structs are written by themselves: other such structs, or sequences."""


def stream_go(value: msgspec.Struct, long: LongMembers, pad: bytes = b"") -> Iterator[bytes | memoryview]:
    """The pieces of `encode_go(value)`, whose lines but the first begin with `pad`."""
    members = [name for name in long.get(type(value), ()) if getattr(value, name)]
    names = dict(zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True))
    rest = _moved(encode_go(replace(value, **dict.fromkeys(members, 0))), pad)
    for member in members:
        before, key, rest = _cut(rest, names[member], pad + _INDENT)
        yield before + key
        yield from _member(getattr(value, member), long, pad + _INDENT)
    yield rest


def _cut(document: bytes, name: str, pad: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before a member, its name, and what follows the 0 in its place."""
    key = b"\n%b%b: " % (pad, msgspec.json.encode(name))
    before, _, rest = document.partition(key + b"0")
    return before, key, rest


def _member(value: Any, long: LongMembers, pad: bytes) -> Iterator[bytes | memoryview]:
    if isinstance(value, msgspec.Struct):
        yield from stream_go(value, long, pad)
        return
    begin = b"[\n" + pad + _INDENT
    if type(value[0]) in long:
        for each in value:
            yield begin
            yield from stream_go(each, long, pad + _INDENT)
            begin = b",\n" + pad + _INDENT
    else:
        start, count = 0, 1
        while start < len(value):
            moved = _moved(encode_go(value[start : start + count]), pad)
            yield begin
            yield memoryview(moved)[len(b"[\n") + len(pad + _INDENT) : -len(b"\n]") - len(pad)]
            begin = b",\n" + pad + _INDENT
            start += count
            count = max(1, min(_AT_ONCE, _PIECE_BYTES * count // len(moved)))
    yield b"\n" + pad + b"]"


def _moved(document: bytes, pad: bytes) -> bytes:
    return document.replace(b"\n", b"\n" + pad) if pad else document
