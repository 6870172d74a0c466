"""Files of any size are hashed as they come: the memory that it takes does not grow with them."""

from __future__ import annotations

import hashlib
import io
import tracemalloc

from assaymark.attest.sigstore.artifact import ALGORITHMS, Blob, blob_of_stream
from assaymark.limits import MIB

SIZE = 96 * MIB


class Zeroes(io.RawIOBase):
    """So many zeroes, and the largest piece that anybody asked for."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size
        self.largest = 0

    def read(self, size: int = -1, /) -> bytes:
        assert size > 0, "somebody asked for all of it"
        self.largest = max(self.largest, size)
        taken = min(size, self.left)
        self.left -= taken
        return bytes(taken)


def test_a_large_file_takes_no_more_memory_than_a_small_one() -> None:
    stream = Zeroes(SIZE)
    tracemalloc.start()
    try:
        blob = blob_of_stream(stream, ("sha256",))  # type: ignore[arg-type]  # only `read` is used
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    expected = hashlib.sha256()
    for _ in range(SIZE // MIB):
        expected.update(bytes(MIB))
    assert Blob(digests=(("sha256", expected.hexdigest()),)) == blob
    assert (stream.left, peak < 2 * MIB, stream.largest <= MIB) == (0, True, True)


def test_every_digest_is_taken_in_one_reading() -> None:
    blob = blob_of_stream(io.BytesIO(b"x"), ALGORITHMS)
    assert tuple((name, hashlib.new(name, b"x").hexdigest()) for name in ALGORITHMS) == blob.digests
