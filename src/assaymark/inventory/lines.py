"""Lines of untrusted text files, however large the file is.

Go's line scanners, which the peers use, stop in silence at 64 KiB; here a longer line is reported and left out, and
the reading goes on. A line ends at a line feed; one carriage return in front of it does not
belong to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from assaymark.inventory.analyzer import File, Input
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.readers import BoundedReader
from assaymark.safeio.text import decode_utf8

_CHUNK: Final = 256 * 1024
_SHOWN: Final = 40

OnLong = Callable[[bytes], bytes | None]
"""Told the beginning of a line that is too long; gives the line that takes its place, or None for none."""


def read_lines(stream: BinaryIO, *, limit: int, on_long: OnLong) -> Iterator[bytes]:
    """The lines of `stream`; of those longer than `limit` what `on_long` makes of them."""
    rest, skipping = b"", False
    while chunk := stream.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines and skipping:  # the end of the line that is left out
            lines, skipping = lines[1:], False
        if b"\r" in chunk:
            lines = [line.removesuffix(b"\r") for line in lines]
        if limit >= _CHUNK and not (lines and len(lines[0]) > limit):  # only the first began before this chunk
            yield from lines
        else:
            yield from _within(lines, limit, on_long)
        if skipping:
            rest = b""
        elif len(rest) > limit:
            yield from _within([rest], limit, on_long)
            rest, skipping = b"", True
    if rest:
        yield rest.removesuffix(b"\r")


def _within(lines: list[bytes], limit: int, on_long: OnLong) -> Iterator[bytes]:
    for line in lines:
        kept = line if len(line) <= limit else on_long(line[:limit])
        if kept is not None:
            yield kept


def file_lines(source: Input, *, file: File | None = None, on_long: OnLong | None = None) -> Iterator[bytes]:
    """The lines of the file that is analysed, or of `file` beside it; a line that is too long becomes an issue.

    Raises:
        LimitError: the file is longer than `Limits.parsed_file_bytes`.
    """
    chosen = file or source.file

    def report(start: bytes) -> bytes | None:
        source.report(long_line(source, chosen.path, start))
        return None

    with chosen.open() as stream:
        bounded = BoundedReader(stream, limit=source.limits.parsed_file_bytes, what=chosen.path)
        yield from read_lines(bounded, limit=source.limits.line_bytes, on_long=on_long or report)


def first_line(source: Input) -> str:
    """The first line of the file; empty where there is none."""
    return next((decode_utf8(line) for line in file_lines(source)), "")


def long_line(source: Input, path: str, start: bytes, *, blocking: bool = True) -> Issue:
    """What is said about a line that was left out."""
    shown = decode_utf8(start[:_SHOWN])
    message = f"a line longer than {source.limits.line_bytes} bytes was left out; it begins `{shown}`"
    return Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=path, blocking=blocking)
