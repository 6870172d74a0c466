from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import msgspec
import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.zip import ZipArchive, ZipBudget

ZIP64 = 0xFFFF_FFFF


def packed(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def opened(data: bytes, **bounds: int) -> ZipArchive:
    return ZipArchive(io.BytesIO(data), limits=msgspec.structs.replace(DEFAULT_LIMITS, **bounds), what="a.jar")


def contents(archive: ZipArchive) -> dict[str, bytes]:
    return {member.name: archive.read(member) for member in archive.members}


FILES = {"a/b.txt": b"text" * 100, "c": b"", "ü": b"x" * 300_000, "d/": b""}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_in_order_with_their_content(method: int) -> None:
    assert contents(opened(packed(FILES, method=method))) == FILES


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            b"#!/bin/sh\nexec java -jar $0\n" + packed(FILES), id="behind a script, offsets from the zip's start"
        ),
        pytest.param(packed(FILES)[:-2] + b"\x05\0note!", id="with a comment"),
    ],
)
def test_archives_inside_other_files(data: bytes) -> None:
    assert contents(opened(data)) == FILES


def test_offsets_that_count_the_script_in_front() -> None:
    stream = io.BytesIO(b"#!/bin/sh\n" * 10)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("a", b"1")
    assert contents(opened(stream.getvalue())) == {"a": b"1"}


def test_members_of_one_name_are_all_there() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    whole = opened(stream.getvalue())
    assert [whole.read(member) for member in whole.members] == [b"1", b"2"]


def test_zip64() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        with archive.open("a", "w", force_zip64=True) as member:
            member.write(b"1")
        archive.writestr("b", b"2")
    data = bytearray(stream.getvalue())
    end = data.rfind(b"PK\5\6")
    entries, size, offset = struct.unpack_from("<HII", data, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, offset)
    pointer = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    closing = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, ZIP64, ZIP64, 0)
    assert contents(opened(bytes(data[:end]) + record + pointer + closing)) == {"a": b"1", "b": b"2"}


def entry(
    data: bytes, name: bytes, *, flags: int = 0, method: int = 0, size: int | None = None, extra: bytes = b""
) -> bytes:
    """A local header with `data`, and the directory that names it."""
    size = len(data) if size is None else size
    sums = struct.pack("<III", zlib.crc32(data), len(data), size)
    lengths = struct.pack("<HH", len(name), len(extra))
    local = b"PK\3\4" + struct.pack("<HHHI", 20, flags, method, 0) + sums + lengths + name + extra + data
    head = b"PK\1\2" + struct.pack("<HHHHI", 20, 20, flags, method, 0) + sums + lengths + bytes(14)
    directory = head + name + extra
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(local), 0)
    return local + directory + end


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(entry(b"1", b"a", flags=1), "`a` is encrypted", id="encrypted"),
        pytest.param(entry(b"1", b"a", method=14), "`a` is packed in a way that is not read", id="LZMA"),
        pytest.param(entry(b"1", b"a", size=2), "`a` is packed in a way that is not read", id="stored, and longer"),
        pytest.param(entry(b"\xff" * 9, b"a", method=8, size=20), "packed data is damaged: ", id="not deflated"),
        pytest.param(entry(zlib.compress(b"123")[2:-4], b"a", method=8, size=2), "`a` unpacks to more than", id="more"),
        pytest.param(entry(zlib.compress(b"123")[2:-4], b"a", method=8, size=4), "`a` is damaged", id="less"),
        pytest.param(entry(b"1", b"a").replace(b"a1", b"a2"), "`a` is damaged", id="another checksum"),
        pytest.param(
            entry(b"1", b"a").replace(b"PK\3\4", b"PK\3\5"), "`a` is not where the archive says", id="no header"
        ),
    ],
)
def test_members_that_are_refused(data: bytes, message: str) -> None:
    archive = opened(data)
    with pytest.raises(ArtifactError) as caught:
        archive.read(archive.members[0])
    assert str(caught.value).startswith(message)


def test_members_that_share_bytes_are_refused() -> None:
    data = entry(entry(b"1", b"inner")[:36], b"outer")
    end = data.rfind(b"PK\5\6")
    directory = data.rfind(b"PK\1\2")
    second = bytearray(data[directory:end])
    struct.pack_into("<I", second, 42, data.index(b"PK\3\4", 1))
    both = data[directory:end] + bytes(second)
    closing = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, len(both), directory, 0)
    archive = opened(data[:directory] + both + closing)
    with pytest.raises(ArtifactError, match="`outer` shares bytes with another member"):
        archive.read(archive.members[0])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\3\4" + bytes(100), id="no directory"),
        pytest.param(packed(FILES)[:-5], id="cut off"),
        pytest.param(b"PK\5\6" + bytes(16) + b"\xff\xff", id="a comment that is not there"),
        pytest.param(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 3, 3, 0, 0, 0), id="entries that are not there"),
        pytest.param(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, 99, 0, 0), id="a directory before the file"),
        pytest.param(entry(b"1", b"a").replace(b"PK\1\2\x14", b"PK\1\3\x14"), id="entries without their signature"),
        pytest.param(entry(b"1", b"a", size=ZIP64), id="a size in an extra field that is not there, stored"),
    ],
)
def test_archives_that_are_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError):
        contents(opened(data))


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        pytest.param({"zip_members": 3}, "`a.jar` has more than 3 members", id="members"),
        pytest.param({"zip_directory_bytes": 9}, "`a.jar` has a directory of ", id="directory"),
        pytest.param({"zip_member_bytes": 1_000}, "`ü` has 300000 bytes, more than the 1000", id="one member"),
        pytest.param({"zip_total_bytes": 100_000}, "`a.jar` unpacks to more than 100000 bytes", id="all together"),
    ],
)
def test_bounds(bounds: dict[str, int], message: str) -> None:
    with pytest.raises(LimitError) as caught:
        contents(opened(packed(FILES), **bounds))
    assert str(caught.value).startswith(message)


def test_ratio() -> None:
    with pytest.raises(LimitError, match="`a` unpacks to more than 200 times its size"):
        contents(opened(packed({"a": bytes(5_000_000)})))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("memory", [10, 1_000_000])
def test_archives_in_archives(method: int, memory: int, tmp_path: Path) -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, memory_file_bytes=memory)
    budget = ZipBudget(limits)
    outer = ZipArchive(
        io.BytesIO(packed({"x": b"0", "inner": packed(FILES)}, method=method)), limits=limits, budget=budget
    )
    with outer.open(outer.members[1], scratch=tmp_path) as stream:
        inner = ZipArchive(stream, limits=limits, budget=budget)
        assert contents(inner) == FILES
        assert outer.read(outer.members[0]) == b"0"
        assert contents(inner) == FILES
    assert list(tmp_path.iterdir()) == []
