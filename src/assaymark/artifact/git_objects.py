"""Reads one object of a git repository (gitformat-loose, gitformat-pack): loose, packed, or packed as deltas.

Rules:
    1. Only SHA-1 names are known; what was read is verified against its name.
    2. Pack indexes are version 2. Sizes, the depth of deltas and the number of packs are bounded.
    3. Alternates are not followed: they would lead out of the tree that is scanned.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.readers import read_bounded

OpenFile = Callable[[Path], BinaryIO]

_KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET_DELTA: Final = 6
_NAME_DELTA: Final = 7
_INDEX_MAGIC: Final = b"\xfftOc\0\0\0\x02"
_FANOUT: Final = 8
_NAMES: Final = _FANOUT + 256 * 4
_PACKS: Final = 10_000


class GitObjects:
    """The objects in one folder.

    Args:
        folder: `.git/objects`.
        open_file: opens a regular file below it, or raises OSError.
    """

    def __init__(self, folder: Path, *, open_file: OpenFile, limits: Limits) -> None:
        self._folder = folder
        self._open = open_file
        self._limits = limits

    def read(self, name: str, kind: str) -> bytes:
        """The content of the object `name`, which must be of that kind.

        Raises:
            ArtifactError: there is none, it is of another kind, or damaged.
            LimitError: it is larger or deeper than allowed.
            OSError: a file cannot be read.
        """
        found = self._find_loose(name) or self._find_packed(bytes.fromhex(name))
        if found is None:
            raise ArtifactError(f"git object `{name}` is missing")
        actual, data = found
        named = hashlib.sha1(b"%s %d\0" % (actual.encode(), len(data)), usedforsecurity=False)
        named.update(data)
        if actual != kind or named.hexdigest() != name:
            raise ArtifactError(f"git object `{name}` is damaged or is not a {kind}")
        return data

    def _find_loose(self, name: str) -> tuple[str, bytes] | None:
        try:
            with self._open(self._folder / name[:2] / name[2:]) as stream:
                stored = read_bounded(stream, limit=self._limits.git_object_bytes, what=name)
        except FileNotFoundError:
            return None
        header, separator, data = _inflate(stored, self._limits.git_object_bytes).partition(b"\0")
        kind, _, size = header.partition(b" ")
        if not separator or size != str(len(data)).encode():
            raise ArtifactError(f"git object `{name}` is damaged")
        return kind.decode("ascii", "replace"), data

    def _find_packed(self, name: bytes) -> tuple[str, bytes] | None:
        for index in sorted((self._folder / "pack").glob("pack-*.idx"))[:_PACKS]:
            with self._open(index) as stream:
                offset = find_offset(stream, name)
            if offset is not None:
                with self._open(index.with_suffix(".pack")) as pack, self._open(index) as stream:
                    return _Pack(pack, stream, limits=self._limits).read(offset)
        return None


class _Pack:
    """One pack with its index."""

    def __init__(self, pack: BinaryIO, index: BinaryIO, *, limits: Limits) -> None:
        self._pack = pack
        self._index = index
        self._limits = limits

    def read(self, offset: int) -> tuple[str, bytes]:
        """The object at `offset`: its chain of deltas down to a whole object, and up again."""
        deltas: list[bytes] = []
        total = 0
        while True:
            number, size, base = self._read_header(offset)
            if size > self._limits.git_object_bytes or len(deltas) > self._limits.git_delta_depth:
                raise LimitError("a git object is larger, or its deltas are deeper, than allowed")
            data = self._read_content(size)
            total += size
            if total > 8 * self._limits.git_object_bytes:
                raise LimitError("the deltas of a git object are larger than allowed")
            if base is None:
                break
            deltas.append(data)
            offset = base
        if number not in _KINDS:
            raise ArtifactError("a git pack is damaged: unknown kind of object")
        for delta in reversed(deltas):
            data = apply_delta(data, delta, limit=self._limits.git_object_bytes)
        return _KINDS[number], data

    def _read_header(self, offset: int) -> tuple[int, int, int | None]:
        """Kind and size of the object at `offset`, and the offset of what it is a delta of."""
        self._pack.seek(offset)
        byte = self._byte()
        number, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            byte = self._byte()
            size |= (byte & 0x7F) << shift
            shift += 7
            if shift > 64:
                raise ArtifactError("a git pack is damaged: an object's size is impossible")
        if number == _OFFSET_DELTA:
            return number, size, self._base_before(offset)
        if number == _NAME_DELTA:
            base = find_offset(self._index, self._pack.read(20))
            if base is None:
                raise ArtifactError("a git pack is damaged: a delta's base is missing")
            return number, size, base
        return number, size, None

    def _base_before(self, offset: int) -> int:
        byte = self._byte()
        distance = byte & 0x7F
        while byte & 0x80:
            byte = self._byte()
            distance = ((distance + 1) << 7) | (byte & 0x7F)
            if distance > offset:
                break
        if not 0 < distance < offset:
            raise ArtifactError("a git pack is damaged: a delta's base lies outside")
        return offset - distance

    def _byte(self) -> int:
        data = self._pack.read(1)
        if not data:
            raise ArtifactError("a git pack is truncated")
        return data[0]

    def _read_content(self, size: int) -> bytes:
        decompressor = zlib.decompressobj()
        data = b""
        try:
            while len(data) <= size and not decompressor.eof and (chunk := self._pack.read(65536)):
                data += decompressor.decompress(chunk, size + 1 - len(data))
        except zlib.error as exc:
            raise ArtifactError("a git pack is damaged") from exc
        if len(data) != size:
            raise ArtifactError("a git pack is damaged: an object has another size than stated")
        return data


def find_offset(index: BinaryIO, name: bytes) -> int | None:
    """Where the object `name` lies in the pack that `index` (version 2) describes; None where it does not."""
    index.seek(0)
    if index.read(8) != _INDEX_MAGIC or len(name) != 20:
        return None
    fanout = struct.unpack(">256I", _exactly(index, 256 * 4))
    low, high, count = fanout[name[0] - 1] if name[0] else 0, fanout[name[0]], fanout[255]
    while low < high:
        middle = (low + high) // 2
        index.seek(_NAMES + middle * 20)
        found = _exactly(index, 20)
        if found == name:
            return _offset_of(index, middle, count)
        low, high = (middle + 1, high) if found < name else (low, middle)
    return None


def _offset_of(index: BinaryIO, position: int, count: int) -> int:
    """The offset in the table behind names and checksums; its first bit says that it is in the table of large ones."""
    offsets = _NAMES + count * 24
    index.seek(offsets + position * 4)
    offset: int = struct.unpack(">I", _exactly(index, 4))[0]
    if offset & 0x80000000:
        index.seek(offsets + count * 4 + (offset & 0x7FFFFFFF) * 8)
        offset = struct.unpack(">Q", _exactly(index, 8))[0]
    return offset


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise ArtifactError("a git pack index is truncated")
    return data


def apply_delta(base: bytes, delta: bytes, *, limit: int) -> bytes:
    """The object that `delta` makes of `base`.

    Raises:
        ArtifactError: the delta is damaged.
        LimitError: the object is larger than `limit`.
    """
    try:
        expected, position = _varint(delta, 0)
        size, position = _varint(delta, position)
        if expected != len(base):
            raise ArtifactError("a git delta does not fit its base")
        if size > limit:
            raise LimitError(f"a git object has more than {limit} bytes")
        result = bytearray()
        while position < len(delta) and len(result) <= size:
            position = _step(base, delta, position, result)
    except IndexError as exc:
        raise ArtifactError("a git delta is truncated") from exc
    if len(result) != size:
        raise ArtifactError("a git delta is damaged")
    return bytes(result)


def _step(base: bytes, delta: bytes, position: int, result: bytearray) -> int:
    """One instruction: copy a piece of the base, or take the bytes that follow."""
    code = delta[position]
    position += 1
    if not code & 0x80:
        if code == 0 or position + code > len(delta):
            raise ArtifactError("a git delta is damaged")
        result += delta[position : position + code]
        return position + code
    offset = size = 0
    for bit in range(7):
        if code & 1 << bit:
            value = delta[position]
            position += 1
            if bit < 4:
                offset |= value << 8 * bit
            else:
                size |= value << 8 * (bit - 4)
    size = size or 0x10000
    if offset + size > len(base):
        raise ArtifactError("a git delta reaches beyond its base")
    result += base[offset : offset + size]
    return position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
        shift += 7
    return value, position


def _inflate(stored: bytes, limit: int) -> bytes:
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(stored, limit + 64)
    except zlib.error as exc:
        raise ArtifactError("a git object is damaged") from exc
    if len(data) >= limit + 64:
        raise LimitError(f"a git object has more than {limit} bytes")
    return data
