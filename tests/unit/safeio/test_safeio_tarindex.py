"""Indexing of image archives, against what `tarfile` writes and what hostile hands can."""

from __future__ import annotations

import io
import tarfile

import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.tarheader import BLOCK, Kind
from assaymark.safeio.tarindex import Member, read_tar_index


def tar_of(*members: tuple[tarfile.TarInfo, bytes], style: int = tarfile.PAX_FORMAT, **options: object) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=style, **options) as tar:  # type: ignore[call-overload]  # options
        for header, data in members:
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return stream.getvalue()


def member(
    name: str, data: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, link
    return header, data


def index(data: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, Member]:
    return read_tar_index(io.BytesIO(data), limits=limits, what="`x.tar`")


def content(data: bytes, found: Member) -> bytes:
    return data[found.offset : found.offset + found.size]


@pytest.mark.parametrize("style", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["a", "b/" + "c" * 90, "d" * 60 + "/" + "e" * 80, "ü/" + "f" * 40])
def test_members_are_found_whatever_the_format(style: int, name: str) -> None:
    data = tar_of(member("first", b"1"), member(name, b"content"), member("last", b"22"), style=style)
    found = index(data)
    assert {key: content(data, value) for key, value in found.items()} == {
        "first": b"1",
        name: b"content",
        "last": b"22",
    }


@pytest.mark.parametrize("style", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_without_slashes(style: int) -> None:
    names = ["n" * 300, "l/" + "t" * 200]
    data = tar_of(member(names[0], b"x"), member("link", kind=tarfile.SYMTYPE, link=names[1]), style=style)
    found = index(data)
    assert {names[0]: "", "link": names[1]} == {key: value.target for key, value in found.items()}


def test_kinds() -> None:
    data = tar_of(
        member("file", b"x"),
        member("soft", kind=tarfile.SYMTYPE, link="file"),
        member("hard", kind=tarfile.LNKTYPE, link="file"),
        member("folder", kind=tarfile.DIRTYPE),
        member("pipe", kind=tarfile.FIFOTYPE),
    )
    assert {name: found.kind for name, found in index(data).items()} == {
        "file": Kind.FILE,
        "soft": Kind.SYMLINK,
        "hard": Kind.HARDLINK,
        "folder": Kind.FOLDER,
        "pipe": Kind.SPECIAL,
    }


def test_the_first_of_two_members_wins_and_names_are_normalised() -> None:
    data = tar_of(member("./a//b", b"first"), member("a/b", b"second"), member("../out", b"x"), member("/abs", b"y"))
    assert {name: content(data, found) for name, found in index(data).items()} == {"a/b": b"first", "abs": b"y"}


def test_global_pax_records_apply_until_overridden() -> None:
    data = tar_of(member("a", b"x"), pax_headers={"comment": "made by us"})
    assert list(index(data)) == ["a"]


def test_sizes_in_base_256() -> None:
    data = bytearray(tar_of(member("a", b"x" * 5), style=tarfile.GNU_FORMAT))
    data[124:136] = b"\x80" + (5).to_bytes(11, "big")
    assert index(resum(data))["a"].size == 5


def test_an_archive_without_its_end_marker_is_whole() -> None:
    data = tar_of(member("a", b"x"))
    assert list(index(data[: 2 * BLOCK])) == ["a"]


def resum(data: bytearray) -> bytes:
    """The tar with the first header's checksum put right."""
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:BLOCK])
    return bytes(data)


def patched(position: int, value: bytes, *, style: int = tarfile.GNU_FORMAT) -> bytes:
    data = bytearray(tar_of(member("a", b"x" * 600), style=style))
    data[position : position + len(value)] = value
    return resum(data)


def pax(records: bytes) -> bytes:
    return tar_of(member("pax", records, kind=b"x"), member("a", b"x"), style=tarfile.USTAR_FORMAT)


HOSTILE = [
    pytest.param(b"no tar at all", "truncated or is not a tar", id="text"),
    pytest.param(b"x" * 1024, "not a tar", id="garbage of a block's size"),
    pytest.param(tar_of(member("a", b"x" * 600))[:700], "reaches beyond its end", id="cut inside a member"),
    pytest.param(patched(124, b"\x80" + b"\xff" * 11), "beyond 63 bits", id="size of 2^88"),
    pytest.param(patched(124, b"\xff" * 12), "size is negative", id="negative size"),
    pytest.param(patched(124, b"77777777777\0"), "reaches beyond its end", id="size of 8 GiB"),
    pytest.param(patched(124, b"xyz"), "not octal", id="size in letters"),
    pytest.param(patched(156, b"S"), "sparse", id="old sparse member"),
    pytest.param(pax(b"22 GNU.sparse.major=1\n"), "sparse", id="new sparse member"),
    pytest.param(pax(b"13 size=abcd\n"), "out of range", id="pax size in letters"),
    pytest.param(pax(b"28 size=9999999999999999999\n"), "out of range", id="pax size beyond 63 bits"),
    pytest.param(pax(b"99 path=x\n"), "wrong length", id="pax record longer than its block"),
    pytest.param(pax(b"0 path=x\n"), "wrong length", id="pax record of length zero"),
    pytest.param(pax(b"path=x\n"), "wrong length", id="pax record without a length"),
    pytest.param(pax(b"9 path=xx"), "wrong length", id="pax record without an end"),
]


@pytest.mark.parametrize(("data", "message"), HOSTILE)
def test_damaged_archives_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        index(data)


BOUNDS = [
    pytest.param(Limits(archive_members=2), "more members", id="members"),
    pytest.param(Limits(archive_name_bytes=3), "more members or longer names", id="names together"),
    pytest.param(Limits(tar_name_bytes=100), "extended header|member name", id="one name"),
    pytest.param(Limits(tar_pax_bytes=100), "extended header", id="a pax record"),
]


@pytest.mark.parametrize(("limits", "message"), BOUNDS)
def test_archives_are_bounded(limits: Limits, message: str) -> None:
    data = tar_of(member("a"), member("b"), member("c" * 300))
    with pytest.raises(LimitError, match=message):
        index(data, limits)


def test_checksums_that_count_signed_bytes_are_accepted() -> None:
    data = bytearray(tar_of(member("ü", b""), style=tarfile.GNU_FORMAT))
    data[148:156] = b" " * 8
    signed = sum(byte - 256 if byte > 127 else byte for byte in data[:BLOCK])
    data[148:156] = b"%06o\0 " % signed
    assert list(index(bytes(data))) == ["ü"]
