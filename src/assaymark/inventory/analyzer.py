"""The extension point of the inventory: what an analyser declares and what it is given.

An analyser's file patterns are data and are compiled into one index (`assaymark.inventory.index`), so that a path costs
one dictionary look-up however many analysers there are. `parse` reads one bounded file, may look at its siblings in the
same layer, and reaches neither the host nor the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal, Protocol

import msgspec

from assaymark.limits import Limits
from assaymark.model.inventory import Found
from assaymark.model.issue import Issue


class File(Protocol):
    """A regular file of the layer that is analysed."""

    @property
    def path(self) -> str:
        """Below the root, with `/` between parts and none in front."""
        ...

    @property
    def mode(self) -> int:
        """Permission bits."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def open(self) -> BinaryIO:
        """A fresh seekable stream; the caller closes it."""
        ...

    def read(self, limit: int | None = None) -> bytes:
        """The content.

        Raises:
            LimitError: it is longer than `limit` (`Limits.parsed_file_bytes` without one).
        """
        ...


class Tree(Protocol):
    """The harvested files of one layer: those that some analyser's `paths` or `needs` ask for."""

    def find(self, path: str) -> File | None:
        """The file at `path`, links inside the layer followed; None where there is none."""
        ...

    def under(self, folder: str) -> Iterator[File]:
        """The harvested files below `folder` (the empty string: all of them), in byte order of their paths."""
        ...


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Choices of the user that change what analysers report; part of the cache key."""

    comprehensive: bool = False  # --detection-priority comprehensive
    rpm_archives: bool = False  # TRIVY_EXPERIMENTAL_RPM_ARCHIVE
    file_patterns: tuple[tuple[str, str], ...] = ()  # (analyser, regular expression), from --file-patterns


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """What `parse` is called with."""

    file: File
    tree: Tree
    limits: Limits
    options: Options
    report: Callable[[Issue], None]

    @property
    def path(self) -> str:
        """The path of the file to parse."""
        return self.file.path


class Analyzer(msgspec.Struct, frozen=True, kw_only=True):
    """One parsing logic.

    Attributes:
        name: as in reports (`AnalyzedBy`), flags and cache keys.
        version: raised whenever the output changes; part of the cache key.
        kind: which folder it lives in.
        paths: patterns of files to parse: an exact path (`lib/apk/db/installed`), a bare file name
            (`package-lock.json`: anywhere), `*.suffix` (a file name's end, anywhere), a path with `*` for one whole or
            part of a segment (`var/lib/dpkg/status.d/*`) or `**` for any number of segments
            (`**/node_modules/**/package.json`), or `+x` for every executable. A pattern that begins with `!` takes what
            it matches out of `paths` again.
        needs: patterns of further files that `parse` looks at through `Input.tree`.
        targets: the commands that run it: `image`, `rootfs`, `fs`, `repo`.
        option: the member of `Options` without which it does not run; empty where it always does.
        parse: yields what it finds; raises `assaymark.errors.Error` or `ValueError` on a file it cannot read, which
            becomes an issue of the report.
    """

    name: str
    version: int
    kind: Literal["os", "lang", "binary", "sbom"]
    paths: tuple[str, ...]
    needs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ("image", "rootfs", "fs")
    option: str = ""
    parse: Callable[[Input], Iterator[Found]]
