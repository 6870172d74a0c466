from __future__ import annotations

import gzip
import io
import threading
import time
import zlib
from collections.abc import Iterator

import pytest
import zstandard

from assaymark.errors import ArtifactError, LimitError
from assaymark.layers.decompress import open_tar_stream, tar_chunks
from assaymark.limits import DEFAULT_LIMITS, Limits

DATA = b"".join(b"%d," % number for number in range(200_000))


def gz(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def zstd(data: bytes, *, checksum: bool = True, size: bool = True) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=size).compress(data)


def skippable(data: bytes) -> bytes:
    return b"\x53\x2a\x4d\x18" + len(data).to_bytes(4, "little") + data


def zstd_stream(data: bytes) -> bytes:
    """Without a content size and with several small blocks, as a pipe writes it."""
    stream = zstandard.ZstdCompressor().compressobj()
    half = len(data) // 2
    return (
        stream.compress(data[:half])
        + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        + stream.compress(data[half:])
        + stream.flush()
    )


STORED = {
    "gzip": gz(DATA),
    "gzip in three members": gz(DATA[:1000]) + gz(b"") + gz(DATA[1000:]),
    "gzip in a thousand members": b"".join(gz(DATA[start : start + 1300]) for start in range(0, len(DATA), 1300)),
    "zstd": zstd(DATA),
    "zstd without a checksum": zstd(DATA, checksum=False),
    "zstd without a content size": zstd(DATA, size=False),
    "zstd as a pipe writes it": zstd_stream(DATA),
    "zstd in frames with skippable ones between": skippable(b"x")
    + zstd(DATA[:70_000])
    + skippable(b"y" * 200_000)
    + zstd(DATA[70_000:])
    + skippable(b""),
    "nothing": DATA,
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
@pytest.mark.parametrize("size", [1_000_000, 777], ids=["whole", "trickle"])
def test_every_form_gives_the_stream(stored: bytes, size: int) -> None:
    source = iter([stored[start : start + size] for start in range(0, len(stored), size)])

    assert b"".join(tar_chunks(source, limits=DEFAULT_LIMITS, what="x")) == DATA
    assert next(source, None) is None


def test_a_single_segment_frame_with_a_two_byte_size() -> None:
    stored = zstd(DATA[:5_000], checksum=False)

    assert b"".join(tar_chunks(iter([stored]), limits=DEFAULT_LIMITS, what="x")) == DATA[:5_000]


def test_a_run_length_block() -> None:
    frame = b"\x28\xb5\x2f\xfd\x00\x40" + ((1 | 1 << 1 | 9 << 3).to_bytes(3, "little")) + b"z"

    assert b"".join(tar_chunks(iter([frame]), limits=DEFAULT_LIMITS, what="x")) == b"z" * 9


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


DAMAGED = {
    "truncated gzip": (gz(DATA)[:-1], "it ends early"),
    "half a gzip stream": (gz(DATA)[:5_000], "it ends early"),
    "gzip with a wrong checksum": (flip(gz(DATA), len(gz(DATA)) - 7), "gzip: "),
    "gzip with a flipped byte": (flip(gz(DATA), 3_000), "gzip: |ends early"),
    "garbage behind gzip": (gz(DATA) + b"garbage", "something that is not gzip"),
    "zeros behind gzip": (gz(DATA) + bytes(512), "something that is not gzip"),
    "one byte behind gzip": (gz(DATA) + b"\x1f", "something that is not gzip"),
    "truncated zstd": (zstd(DATA)[:-1], "it ends early"),
    "zstd cut between blocks": (zstd_stream(DATA)[:6], "it ends early"),
    "zstd with a wrong checksum": (flip(zstd(DATA), len(zstd(DATA)) - 1), "zstd: "),
    "garbage behind zstd": (zstd(DATA) + b"garbage", "something that is not zstd"),
    "a truncated skippable frame": (skippable(b"x" * 100)[:-1], "it ends early"),
    "a reserved block": (b"\x28\xb5\x2f\xfd\x00\x40" + b"\x07\x00\x00", "reserved"),
}


@pytest.mark.parametrize(("stored", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_layers(stored: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=f"layer `sha256:x` is damaged: .*({message})"):
        list(tar_chunks(iter([stored]), limits=DEFAULT_LIMITS, what="sha256:x"))


BOUNDED = {
    "a window of two gigabytes": (
        b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x01\x00\x00",
        "needs a zstd window of 2147483648 bytes",
    ),
    "a single segment of two gigabytes": (
        b"\x28\xb5\x2f\xfd\xa0" + (1 << 31).to_bytes(4, "little") + b"\x01\x00\x00",
        "needs a zstd window",
    ),
    "a window with a mantissa": (
        b"\x28\xb5\x2f\xfd\x00" + bytes([17 << 3 | 1]) + b"\x01\x00\x00",
        "window of 150994944 bytes",
    ),
    "too many members": (gz(b"") * 12, "more than 10 gzip members"),
    "too many blocks": (b"\x28\xb5\x2f\xfd\x00\x40" + bytes(3) * 20, "more than 10 zstd blocks"),
    "too many frames": (skippable(b"") * 20, "more than 10 zstd blocks"),
    "too many bytes": (gz(bytes(30_000_000)), "more than 20000000 bytes when uncompressed"),
}


@pytest.mark.parametrize(("stored", "message"), BOUNDED.values(), ids=BOUNDED)
def test_bounds(stored: bytes, message: str) -> None:
    limits = Limits(gzip_members=10, zstd_blocks=10, layer_uncompressed_bytes=20_000_000)

    with pytest.raises(LimitError, match=message):
        list(tar_chunks(iter([stored]), limits=limits, what="x"))


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "decompress"]


def test_the_thread_gives_the_same_and_ends() -> None:
    with open_tar_stream(io.BytesIO(gz(DATA)), limits=DEFAULT_LIMITS, what="x") as chunks:
        data = b"".join(chunks)

    assert (data, threads()) == (DATA, [])


def test_an_error_of_the_thread_is_raised_where_chunks_are_taken() -> None:
    stored = io.BytesIO(gz(DATA)[:-1])
    with (
        pytest.raises(ArtifactError, match="it ends early"),
        open_tar_stream(stored, limits=DEFAULT_LIMITS, what="x") as chunks,
    ):
        list(chunks)

    assert threads() == []


def test_a_consumer_that_leaves_early_ends_the_thread() -> None:
    with open_tar_stream(io.BytesIO(gz(bytes(50_000_000))), limits=DEFAULT_LIMITS, what="x") as chunks:
        assert next(chunks).strip(b"\0") == b""

    assert threads() == []


class Stalled(io.BytesIO):
    """A network that answers once and then not until it is released."""

    def __init__(self) -> None:
        super().__init__(zlib.compress(b""))
        self.release = threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        self.release.wait(20)
        return b""


def test_a_stalled_network_holds_nobody_up() -> None:
    stalled = Stalled()
    started = time.monotonic()
    with open_tar_stream(stalled, limits=DEFAULT_LIMITS, what="x") as chunks:
        assert isinstance(chunks, Iterator)
    took = time.monotonic() - started
    stalled.release.set()

    assert took < 3
