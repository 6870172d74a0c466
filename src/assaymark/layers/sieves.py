"""Files that are wanted only if their content is of interest: executables, of which few say what they hold.

A sieve looks at the first bytes, which rules out scripts and data before anything is stored, and then at the whole
file. What no sieve holds is given back at once, so that an image full of programs costs neither memory nor disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO, Final, Protocol

from assaymark.layers.kept import KeptFile
from assaymark.limits import Limits

_HEAD_BYTES: Final = 16


class Sieve(Protocol):
    """What decides about a file by its content (the inventory's `Sieve`)."""

    @property
    def begins(self) -> Callable[[bytes], bool]:
        """Whether a file that begins so can be of interest."""
        ...

    @property
    def holds(self) -> Callable[[BinaryIO, Limits], bool]:
        """Whether the file is."""
        ...


Sieves = Callable[[str, int], Sequence[Sieve]]
"""The sieves of a wanted file, by its path and permission bits; none where it is kept whatever it holds."""


def no_sieves(_path: str, _mode: int) -> Sequence[Sieve]:
    """Every wanted file is kept."""
    return ()


def peek(content: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of a content in pieces, and all of it again."""
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < _HEAD_BYTES and (piece := next(content, None)) is not None:
        pieces.append(piece)
    return b"".join(pieces)[:_HEAD_BYTES], chain(pieces, content)


def holds(sieves: Sequence[Sieve], file: KeptFile, limits: Limits) -> bool:
    """Whether one of the sieves, which know the file's beginning, wants the file."""
    with file.open() as stream:
        return any(sieve.holds(stream, limits) for sieve in sieves)


def passes(sieves: Sequence[Sieve], file: KeptFile, limits: Limits) -> bool:
    """As `holds`, the beginning included."""
    with file.open() as stream:
        head = stream.read(_HEAD_BYTES)
        return any(sieve.begins(head) and sieve.holds(stream, limits) for sieve in sieves)
