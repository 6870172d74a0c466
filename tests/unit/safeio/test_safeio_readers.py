from __future__ import annotations

import hashlib
import io

import pytest

from assaymark.errors import ArtifactError, DigestMismatchError, LimitError
from assaymark.safeio.readers import BoundedReader, VerifyingReader, read_bounded

DATA = b"0123456789" * 10
DIGEST = "sha256:" + hashlib.sha256(DATA).hexdigest()


class Trickle(io.BytesIO):
    """A stream that gives three bytes at a time, as a socket may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(3 if size is None or size < 0 else min(3, size))


def test_a_bounded_reader_gives_exactly_its_limit() -> None:
    reader = BoundedReader(io.BytesIO(DATA), limit=100, what="x")

    assert [reader.readable(), reader.read(0), reader.read(7), reader.readall(), reader.read(5)] == [
        True,
        b"",
        DATA[:7],
        DATA[7:],
        b"",
    ]


def test_a_bounded_reader_reads_one_byte_beyond_its_limit_and_stays_refused() -> None:
    stream = io.BytesIO(DATA)
    reader = BoundedReader(stream, limit=50, what="manifest")

    with pytest.raises(LimitError, match="`manifest` is longer than 50 bytes"):
        reader.read(80)
    assert stream.tell() == 51
    with pytest.raises(LimitError):
        reader.read(1)


def test_closing_a_reader_leaves_the_stream_open() -> None:
    stream = io.BytesIO(DATA)
    BoundedReader(stream, limit=1, what="x").close()

    assert not stream.closed


def test_read_bounded() -> None:
    assert read_bounded(Trickle(DATA), limit=100, what="x") == DATA
    with pytest.raises(LimitError):
        read_bounded(io.BytesIO(DATA), limit=99, what="x")


@pytest.mark.parametrize("size", [100, None], ids=["a known size", "an unknown size"])
def test_right_bytes_are_verified(size: int | None) -> None:
    reader = VerifyingReader(Trickle(DATA), digest=DIGEST, size=size, what="blob")
    before = reader.verified

    assert [before, reader.read(), reader.verified, reader.read(4)] == [False, DATA, True, b""]


def test_readinto_fills_any_buffer() -> None:
    reader = VerifyingReader(io.BytesIO(DATA), digest=DIGEST, size=100, what="blob")
    buffer = bytearray(60)

    assert [reader.readinto(buffer), bytes(buffer), reader.readinto(memoryview(buffer))] == [60, DATA[:60], 40]
    assert bytes(buffer[:40]) == DATA[60:]
    assert reader.verified


def test_a_consumer_that_stops_at_the_size_has_verified_bytes() -> None:
    reader = VerifyingReader(io.BytesIO(DATA), digest=DIGEST, size=100, what="blob")
    reader.read(100)

    assert reader.verified


def test_an_empty_blob_is_verified_on_the_first_read() -> None:
    digest = "sha512:" + hashlib.sha512().hexdigest()
    reader = VerifyingReader(io.BytesIO(), digest=digest, size=0, what="blob")

    assert (reader.read(10), reader.verified) == (b"", True)


LIES = {
    "one byte more": (DATA + b"x", 100, "longer than the 100 bytes"),
    "an endless blob behind an empty promise": (DATA, 0, "longer than the 0 bytes"),
    "one byte less": (DATA[:99], 100, "ends after 99 of the 100 bytes"),
    "another byte": (DATA[:99] + b"x", 100, "has digest `sha256:"),
    "another byte, size unknown": (DATA[:99] + b"x", None, f"instead of `{DIGEST}`"),
}


@pytest.mark.parametrize(("data", "size", "message"), LIES.values(), ids=LIES)
def test_wrong_bytes_never_end_well(data: bytes, size: int | None, message: str) -> None:
    reader = VerifyingReader(io.BytesIO(data), digest=DIGEST, size=size, what="blob")

    with pytest.raises(DigestMismatchError, match=message):
        list(iter(lambda: reader.read(33), b""))
    assert not reader.verified


def test_a_digest_that_cannot_be_verified_is_refused_at_once() -> None:
    with pytest.raises(ArtifactError, match="is not a digest"):
        VerifyingReader(io.BytesIO(), digest="md5:00", size=0, what="blob")
