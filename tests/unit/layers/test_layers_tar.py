from __future__ import annotations

import contextlib
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.images import Folder, Link, Special, write_layer
from tests.support.tars import END, chunked, member, pax, read_all

from assaymark.errors import ArtifactError, LimitError
from assaymark.layers.tar import Entry, TarReader
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.tarheader import Kind

names = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=60)
paths = st.lists(names, min_size=1, max_size=6).map("/".join)
contents = st.binary(max_size=2_000)
formats = st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(paths, contents, st.integers(0, 0o7777)), max_size=8), formats, st.integers(1, 5_000))
def test_files_are_read_as_the_standard_library_reads_them(
    files: list[tuple[str, bytes, int]], style: int, chunk: int
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=style) as tar:
        for name, data, mode in files:
            header = tarfile.TarInfo(name)
            header.size, header.mode = len(data), mode
            tar.addfile(header, io.BytesIO(data))
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        expected = []
        for info in tar:
            content = tar.extractfile(info)
            expected.append((info.name, info.mode, info.size, content.read() if content else b""))

    actual = [(e.name, e.mode, e.size, data) for e, data in read_all(stream.getvalue(), chunk=chunk)]

    assert [(name.rstrip("/"), *rest) for name, *rest in actual] == [
        (name.rstrip("/"), *rest) for name, *rest in expected
    ]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=3_000), st.integers(0, 4_000), st.integers(0, 255), st.integers(1, 2_000))
def test_any_bytes_end_in_members_or_in_an_artifact_error(noise: bytes, at: int, byte: int, chunk: int) -> None:
    good = bytearray(pax(path="p" * 200) + member("x", b"abc") + member("y", b"d" * 600) + END)
    good[at % len(good)] = byte
    for data in (noise, bytes(good), bytes(good[: at % len(good)])):
        with contextlib.suppress(ArtifactError):
            read_all(data, chunk=chunk)


def test_kinds_modes_and_targets() -> None:
    data = write_layer(
        [
            ("etc/", Folder(0o1777)),
            ("etc/a", "text"),
            ("etc/link", Link("../a")),
            ("etc/hard", Link("etc/a", hard=True)),
            ("dev/null", Special(tarfile.CHRTYPE)),
        ]
    )

    assert [entry for entry, _ in read_all(data)] == [
        Entry("etc/", Kind.FOLDER, 0o1777, 0),
        Entry("etc/a", Kind.FILE, 0o644, 4),
        Entry("etc/link", Kind.SYMLINK, 0o777, 0, "../a"),
        Entry("etc/hard", Kind.HARDLINK, 0o777, 0, "etc/a"),
        Entry("dev/null", Kind.SPECIAL, 0o644, 0),
    ]


LONG = "d/" * 90 + "name"
ONE_ENTRY = {
    "pax path, link and size": (
        pax(path=LONG, linkpath="t", size="3", mtime="1.5") + member("short", b"abc", size=b"00000000000\0"),
        Entry(LONG, Kind.FILE, 0o644, 3, "t"),
        b"abc",
    ),
    "a GNU long name and link": (
        member("././@LongLink", LONG.encode() + b"\0", type=b"L")
        + member("././@LongLink", b"target\0", type=b"K")
        + member("short", type=b"2"),
        Entry(LONG, Kind.SYMLINK, 0o644, 0, "target"),
        b"",
    ),
    "a GNU long name outranks pax": (
        member("x", b"long\0", type=b"L") + pax(path="pax") + member("short"),
        Entry("long", Kind.FILE, 0o644, 0),
        b"",
    ),
    "a later pax header replaces an earlier one": (
        pax(path="one", linkpath="gone") + pax(path="two") + member("short"),
        Entry("two", Kind.FILE, 0o644, 0),
        b"",
    ),
    "an empty pax value takes nothing": (pax(path="") + member("short"), Entry("short", Kind.FILE, 0o644, 0), b""),
    "a global header is checked and not applied": (
        pax(b"g", path="all", comment="commit") + member("short"),
        Entry("short", Kind.FILE, 0o644, 0),
        b"",
    ),
    "a ustar prefix": (
        member("name", magic=b"ustar\x0000", prefix=b"usr/lib\0"),
        Entry("usr/lib/name", Kind.FILE, 0o644, 0),
        b"",
    ),
    "a star prefix ends before its times": (
        member("name", magic=b"ustar\x0000", prefix=b"p" * 131 + b"7" * 10, end=b"tar\0"),
        Entry("p" * 131 + "/name", Kind.FILE, 0o644, 0),
        b"",
    ),
    "no prefix in GNU headers": (member("name", prefix=b"12345\0"), Entry("name", Kind.FILE, 0o644, 0), b""),
    "a base-256 size": (member("n", b"abc", size=b"\x80" + bytes(10) + b"\3"), Entry("n", Kind.FILE, 0o644, 3), b"abc"),
    "a number with something behind its NUL": (member("n", mode=b"755\0 7x "), Entry("n", Kind.FILE, 0o755, 0), b""),
    "an empty mode": (member("n", mode=bytes(8)), Entry("n", Kind.FILE, 0, 0), b""),
    "a V7 directory": (member("d/", type=b"\0"), Entry("d/", Kind.FOLDER, 0o644, 0), b""),
    "a V7 file": (member("d", type=b"\0"), Entry("d", Kind.FILE, 0o644, 0), b""),
    "a link's size announces nothing": (
        member("l", type=b"1", size=b"00000001000\0"),
        Entry("l", Kind.HARDLINK, 0o644, 512),
        b"",
    ),
    "an unknown type has content": (member("v", b"abc", type=b"V"), Entry("v", Kind.SPECIAL, 0o644, 3), b"abc"),
    "a name that is not UTF-8": (pax(path=b"a\xff") + member("x"), Entry("a\ufffd", Kind.FILE, 0o644, 0), b""),
}


@pytest.mark.parametrize(("data", "entry", "content"), ONE_ENTRY.values(), ids=ONE_ENTRY)
@pytest.mark.parametrize("chunk", [1 << 20, 100])
def test_one_member(data: bytes, entry: Entry, content: bytes, chunk: int) -> None:
    assert read_all(data + member("last", b"z") + END, chunk=chunk) == [
        (entry, content),
        (Entry("last", Kind.FILE, 0o644, 1), b"z"),
    ]


def test_a_checksum_over_signed_characters_is_accepted() -> None:
    block = bytearray(member("\xe9"))
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in block)

    assert [entry.name for entry, _ in read_all(bytes(block) + END)] == ["\xe9"]


ENDS = {
    "two zero blocks, then anything": member("a") + END + b"garbage" * 200,
    "one zero block at the end of the stream": member("a") + bytes(512),
    "no zero block at all": member("a"),
    "missing padding": member("a", b"abc")[:515],
}


@pytest.mark.parametrize("data", ENDS.values(), ids=ENDS)
def test_ends_of_archives(data: bytes) -> None:
    assert [entry.name for entry, _ in read_all(data, chunk=300)] == ["a"]


def test_an_empty_stream_is_an_empty_layer() -> None:
    assert read_all(b"") == []


def test_content_may_be_left_unread_or_half_read() -> None:
    data = member("a", b"a" * 2_000) + member("b", b"b" * 700) + member("c", b"c") + END
    reader = TarReader(chunked(data, 400), limits=DEFAULT_LIMITS, what="x")
    seen = []
    for entry in reader:
        seen.append((entry.name, next(reader.content()) if entry.name == "b" else b""))

    assert [name for name, _ in seen] == ["a", "b", "c"]
    assert seen[1][1].strip(b"b") == b""


BAD = {
    "garbage": (b"\x7fELF" + bytes(600), "wrong checksum"),
    "a flipped bit": (member("a").replace(b"a", b"b", 1) + END, "wrong checksum"),
    "a member after the end": (bytes(512) + member("a"), "follows the end"),
    "half a header": (member("a")[:300], "ends in the middle"),
    "missing content": (member("a", b"x" * 600)[:1000], "ends in the middle"),
    "a negative size": (member("a", size=b"\xff" * 12), "negative"),
    "a size beyond 63 bits": (member("a", size=b"\x80" + b"\xff" * 11), "beyond 63 bits"),
    "a size of 2^63-1": (member("a", size=b"\x80\0\0\0\x7f" + b"\xff" * 7), "ends in the middle"),
    "an octal size with a sign": (member("a", size=b"-0000000001\0"), "not octal"),
    "an octal size with underscores": (member("a", size=b"0_000000001\0"), "not octal"),
    "a decimal digit in an octal field": (member("a", mode=b"0000798\0"), "invalid literal"),
    "a negative pax size": (pax(size="-1") + member("a"), "out of range"),
    "a huge pax size": (pax(size="9223372036854775808") + member("a"), "out of range"),
    "NUL in a pax path": (pax(path="a\0b") + member("a"), "malformed"),
    "a pax record without a value": (member("x", b"6 abc\n", type=b"x") + member("a"), "malformed"),
    "a pax record that is too long": (member("x", b"99 a=b\n", type=b"x") + member("a"), "wrong length"),
    "a pax record of length zero": (member("x", b"0 a=b\n", type=b"x") + member("a"), "wrong length"),
    "a pax record without a length": (member("x", b"a=b\n", type=b"x") + member("a"), "wrong length"),
    "a pax record with a signed length": (member("x", b"+6 a=b\n", type=b"x") + member("a"), "wrong length"),
    "a global header that is malformed": (member("x", b"99 a=b\n", type=b"g") + member("a"), "wrong length"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_malformed_archives(data: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=f"layer `sha256:x` is not a valid tar archive: .*{message}"):
        read_all(data)


def test_missing_content_is_noticed_when_nobody_reads_it() -> None:
    reader = TarReader(chunked(member("a", b"x" * 600)[:1000]), limits=DEFAULT_LIMITS, what="x")

    with pytest.raises(ArtifactError, match="ends in the middle"):
        list(reader)


BOUNDED = {
    "too many members": (member("a") * 4 + END, "more than 3 members"),
    "a pax header that is too long": (
        member("x", size=b"00010000000\0", type=b"x"),
        "extension header of 2097152 bytes",
    ),
    "a GNU name that is too long": (member("x", size=b"00000100000\0", type=b"L"), "extension header of 32768 bytes"),
    "a pax name that is too long": (pax(path="p" * 20_000) + member("a"), "a name of 20000 bytes"),
}


@pytest.mark.parametrize(("data", "message"), BOUNDED.values(), ids=BOUNDED)
def test_bounds(data: bytes, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        read_all(data, limits=Limits(tar_entries=3))
