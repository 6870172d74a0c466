"""Stored layers to tar streams: gzip (RFC 1952), zstd (RFC 8878) or nothing, by the first bytes and not the media type.

Rules:

- Every byte of the stored layer is read, so that the reader underneath verifies its digest.
- gzip: members follow each other without a gap (eStargz has one for each file); a wrong checksum, a stream that ends
  early and anything behind the last member that is not another one are errors.
- zstd: frames and skippable frames (zstd:chunked) follow each other. Block headers are walked here, so that one step
  gives at most the 128 KiB of a block, a truncated frame is noticed, and a window is refused before memory is taken.
- The uncompressed size, members and blocks are bounded; nothing is ever held but a few chunks.

Reading, which hashes the stored bytes, and decompression run on a thread each: hashes, igzip and zstd release the
interpreter, so that they overlap with each other and with the consumer's hash.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import TYPE_CHECKING, BinaryIO, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits

if TYPE_CHECKING:
    from zstandard import ZstdDecompressor

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"

_READ: Final = 64 * 1024
_CHUNK: Final = 256 * 1024  # fits a core's cache; larger steps are slower
_QUEUED: Final = 16
_CLOSE_SECONDS: Final = 1.0
_DICTIONARY_BYTES: Final = (0, 1, 2, 4)
_CONTENT_SIZE_BYTES: Final = (0, 2, 4, 8)
_RLE: Final = 1
_RESERVED: Final = 3


@contextmanager
def open_tar_stream(stored: BinaryIO, *, limits: Limits, what: str) -> Iterator[Iterator[bytes]]:
    """The uncompressed stream of a stored layer in chunks, made ahead on threads.

    Args:
        stored: the stored bytes, from their beginning.
        limits: the bounds.
        what: how messages call the layer.

    Yields:
        Chunks. They raise `ArtifactError` for a damaged stream, `LimitError` for one that is too large, and whatever
        `stored` raises.
    """
    with (
        _made_ahead(_stored_chunks(stored), "read") as read,
        _made_ahead(tar_chunks(read, limits=limits, what=what), "decompress") as chunks,
    ):
        yield chunks


def _stored_chunks(stored: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stored.read(_READ), b"")


@contextmanager
def _made_ahead(chunks: Iterator[bytes], name: str) -> Iterator[Iterator[bytes]]:
    """The same chunks, a few of them made ahead on a thread."""
    queue: Queue[bytes | BaseException | None] = Queue(_QUEUED)
    stopped = threading.Event()
    thread = threading.Thread(target=_produce, args=(chunks, queue, stopped), name=name, daemon=True)
    thread.start()
    try:
        yield _consume(queue)
    finally:
        stopped.set()
        _let_end(thread, queue)


def tar_chunks(stored: Iterator[bytes], *, limits: Limits, what: str) -> Iterator[bytes]:
    """The uncompressed stream of a stored layer, decompressed as it is asked for; raises as `open_tar_stream`."""
    total = 0
    for chunk in _decompressed(_Source(stored, what), limits):
        if not chunk:
            continue
        total += len(chunk)
        if total > limits.layer_uncompressed_bytes:
            raise LimitError(f"layer `{what}` has more than {limits.layer_uncompressed_bytes} bytes when uncompressed")
        yield chunk


def _produce(chunks: Iterator[bytes], queue: Queue[bytes | BaseException | None], stopped: threading.Event) -> None:
    end: BaseException | None = None
    try:
        for chunk in chunks:
            if stopped.is_set():
                break
            queue.put(chunk)
    except BaseException as exc:  # noqa: BLE001  # raised again where the chunks are consumed
        end = exc
    queue.put(end)


def _consume(queue: Queue[bytes | BaseException | None]) -> Iterator[bytes]:
    while (item := queue.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _let_end(thread: threading.Thread, queue: Queue[bytes | BaseException | None]) -> None:
    """Make room until the producer has seen that it may stop.

    One that waits for a stalled network is left alone after a second: it stops by itself, and holds up no interrupt.
    """
    deadline = time.monotonic() + _CLOSE_SECONDS
    while thread.is_alive() and time.monotonic() < deadline:
        try:
            queue.get_nowait()
        except Empty:
            thread.join(0.002)


class _Source:
    """The stored bytes with a little look-ahead."""

    def __init__(self, stored: Iterator[bytes], what: str) -> None:
        self._stored = stored
        self._ahead = b""
        self.what = what

    def chunk(self) -> bytes:
        """Some bytes; none at the end."""
        data, self._ahead = self._ahead, b""
        return data or next(self._stored, b"")

    def give_back(self, data: bytes) -> None:
        """Return the unused end of the last chunk."""
        self._ahead = data

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        self._fill(size)
        return self._ahead[:size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes.

        Raises:
            ArtifactError: there are fewer.
        """
        self._fill(size)
        if len(self._ahead) < size:
            raise self.damaged("it ends early")
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def damaged(self, why: str) -> ArtifactError:
        """The error for a stream that cannot be decompressed."""
        return ArtifactError(f"layer `{self.what}` is damaged: {why}", reason="LAYER_DAMAGED")

    def _fill(self, size: int) -> None:
        while len(self._ahead) < size:
            data = next(self._stored, b"")
            if not data:
                return
            self._ahead += data


def _decompressed(source: _Source, limits: Limits) -> Iterator[bytes]:
    magic = source.peek(4)
    if magic.startswith(GZIP_MAGIC):
        return _gunzip(source, limits)
    if magic == ZSTD_MAGIC or _is_skippable(magic):
        return _unzstd(source, limits)
    return iter(source.chunk, b"")


def _gunzip(source: _Source, limits: Limits) -> Iterator[bytes]:
    from isal import igzip_lib

    members = 0
    while source.peek(2):
        members += 1
        if source.peek(2) != GZIP_MAGIC:
            raise source.damaged("something that is not gzip follows its last member")
        if members > limits.gzip_members:
            raise LimitError(f"layer `{source.what}` has more than {limits.gzip_members} gzip members")
        member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        while not member.eof:
            data = source.chunk() if member.needs_input else b""
            if member.needs_input and not data:
                raise source.damaged("it ends early")
            try:
                out = member.decompress(data, _CHUNK)
            except igzip_lib.error as exc:  # type: ignore[misc]  # isal ships no types
                raise source.damaged(f"gzip: {str(exc).lower()}") from exc
            if out:
                yield out
        source.give_back(member.unused_data)


def _unzstd(source: _Source, limits: Limits) -> Iterator[bytes]:
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=limits.zstd_window_bytes)
    blocks = 0
    try:
        while source.peek(1):
            for out in _frame(source, decompressor, limits):
                blocks += 1
                if blocks > limits.zstd_blocks:
                    raise LimitError(f"layer `{source.what}` has more than {limits.zstd_blocks} zstd blocks")
                yield out
    except zstandard.ZstdError as exc:
        raise source.damaged(f"zstd: {str(exc).lower()}") from exc


def _frame(source: _Source, decompressor: ZstdDecompressor, limits: Limits) -> Iterator[bytes]:
    """The content of one frame: nothing for its start, then block by block."""
    yield b""
    magic = source.take(4)
    if _is_skippable(magic):
        _skip(source, int.from_bytes(source.take(4), "little"))
        return
    if magic != ZSTD_MAGIC:
        raise source.damaged("something that is not zstd follows its last frame")
    header, has_checksum = _frame_header(source, limits)
    frame = decompressor.decompressobj()
    frame.decompress(magic + header)
    last = False
    while not last:
        block, last = _block(source)
        yield frame.decompress(block + source.take(4) if last and has_checksum else block)


def _frame_header(source: _Source, limits: Limits) -> tuple[bytes, bool]:
    """The header behind the magic number, and whether a checksum ends the frame (RFC 8878, section 3.1.1.1)."""
    descriptor = source.take(1)
    single_segment = bool(descriptor[0] & 0x20)
    size_bytes = _CONTENT_SIZE_BYTES[descriptor[0] >> 6] or int(single_segment)
    window = b"" if single_segment else source.take(1)
    rest = source.take(_DICTIONARY_BYTES[descriptor[0] & 3] + size_bytes)
    if single_segment:
        needed = int.from_bytes(rest[-size_bytes:], "little") + (256 if size_bytes == 2 else 0)
    else:
        base = 1 << (10 + (window[0] >> 3))
        needed = base + (base >> 3) * (window[0] & 7)
    if needed > limits.zstd_window_bytes:
        raise LimitError(f"layer `{source.what}` needs a zstd window of {needed} bytes")
    return descriptor + window + rest, bool(descriptor[0] & 4)


def _block(source: _Source) -> tuple[bytes, bool]:
    """One block with its header, and whether it is the frame's last (RFC 8878, section 3.1.1.2)."""
    header = source.take(3)
    number = int.from_bytes(header, "little")
    kind, size = (number >> 1) & 3, number >> 3
    if kind == _RESERVED:
        raise source.damaged("a zstd block of the reserved type")
    return header + source.take(1 if kind == _RLE else size), bool(number & 1)


def _is_skippable(magic: bytes) -> bool:
    return magic[1:] == b"\x2a\x4d\x18" and magic[0] >> 4 == 5


def _skip(source: _Source, size: int) -> None:
    while size:
        size -= len(source.take(min(size, _READ)))
