"""The extension point of the inventory: what an analyser declares and what it is given.

An analyser's file patterns are data and are compiled into one index (`assaymark.inventory.index`), so that a path costs
one dictionary look-up however many analysers there are. `parse` reads one bounded file, may look at its siblings in the
same layer, and reaches neither the host nor the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Literal, Protocol

import msgspec

from assaymark.limits import Limits
from assaymark.model.inventory import Found
from assaymark.model.issue import Issue
from assaymark.model.maven import MavenRepository


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

    def around(self, path: str, limit: int) -> bytes | None:
        """The file at `path` around a scanned folder (`../pom.xml`) or file of the host; None where there is none.

        Raises:
            LimitError: it is longer than `limit`.
        """
        ...


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Choices of the user that change what analysers report; part of the cache key."""

    comprehensive: bool = False  # --detection-priority comprehensive
    rpm_archives: bool = False  # TRIVY_EXPERIMENTAL_RPM_ARCHIVE
    checksums: bool = False  # of the files that packages are; bills of materials have a place for them
    file_patterns: tuple[tuple[str, str], ...] = ()  # (analyser, regular expression), from --file-patterns


class Host(Protocol):
    """What analysers of source trees may know of the machine that scans: the caches that package managers keep.

    Images never get one: what they hold must not depend on who looks at it.
    """

    def read(self, cache: str, path: str, limit: int) -> bytes | None:
        """The file at `path` in the cache called `cache` (`maven`, `gradle`); None where there is none.

        A path that leads out of the cache has no file.

        Raises:
            LimitError: it is longer than `limit`.
        """
        ...

    def names(self, cache: str, suffix: str) -> Iterator[str]:
        """The paths in a cache of the files whose names end in `suffix`, in byte order."""
        ...

    def repositories(self, named: Iterable[MavenRepository]) -> Iterable[MavenRepository]:
        """The repositories to ask where POMs name those, as the user of this machine has settled it."""
        ...

    def fetch(self, repository: MavenRepository, path: str, limit: int) -> bytes | None:
        """What a repository answers; None where it has nothing, cannot be reached, or nobody may be asked.

        Raises:
            LimitError: the answer is longer than `limit`.
        """
        ...


class NoHost:
    """A machine without caches that asks nobody."""

    def read(self, cache: str, path: str, limit: int) -> bytes | None:  # noqa: ARG002 -- as `Host` has it
        """Nothing."""
        return None

    def names(self, cache: str, suffix: str) -> Iterator[str]:  # noqa: ARG002
        """None."""
        return iter(())

    def repositories(self, named: Iterable[MavenRepository]) -> Iterable[MavenRepository]:
        """Those that are named."""
        return named

    def fetch(self, repository: MavenRepository, path: str, limit: int) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """What `parse` is called with.

    Attributes:
        root: the scanned folder as the user named it; empty for an image. It stands in some package identifiers.
    """

    file: File
    tree: Tree
    limits: Limits
    options: Options
    report: Callable[[Issue], None]
    root: str = ""
    host: Host = NoHost()

    @property
    def path(self) -> str:
        """The path of the file to parse."""
        return self.file.path


class Sieve(msgspec.Struct, frozen=True, kw_only=True):
    """Tells from the content whether a file is worth keeping for an analyser whose patterns say little (`+x`).

    Attributes:
        begins: whether a file that begins with these bytes (16, or all there are) can be.
        holds: whether the file is; asked after `begins`.
    """

    begins: Callable[[bytes], bool]
    holds: Callable[[BinaryIO, Limits], bool]


class Analyzer(msgspec.Struct, frozen=True, kw_only=True):
    """One parsing logic.

    Attributes:
        name: as in reports (`AnalyzedBy`), flags and cache keys.
        version: raised whenever the output changes; part of the cache key.
        kind: which folder it lives in.
        paths: patterns of files to parse: an exact path (`lib/apk/db/installed`), a bare file name
            (`package-lock.json`: anywhere), `*.suffix` (a file name's end, anywhere), `~*.suffix` (the same in any
            letter case, written in lower case), a path with `*` for one whole or part of a segment
            (`var/lib/dpkg/status.d/*`) or `**` for any number of segments (`**/node_modules/**/package.json`), or `+x`
            for every executable. A pattern that begins with `!` takes what it matches out of `paths` again.
        needs: patterns of further files that `parse` looks at through `Input.tree`.
        targets: the commands that run it: `image`, `rootfs`, `fs`, `repo`.
        sieve: what of the files in `paths` is kept; None for all of them. A file that is wanted for another reason is
            parsed without being asked.
        application: the type of the applications that it yields, where that is not its name; see `application_type`.
        option: the member of `Options` without which it does not run; empty where it always does.
        is_file: whether its packages are the files that they were found in, whose checksums then may be theirs.
        parse: yields what it finds; raises `assaymark.errors.Error` or `ValueError` on a file it cannot read, which
            becomes an issue of the report.
    """

    name: str
    version: int
    kind: Literal["os", "lang", "binary", "sbom"]
    paths: tuple[str, ...]
    needs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ("image", "rootfs", "fs")
    sieve: Sieve | None = None
    application: str = ""
    option: str = ""
    is_file: bool = False
    parse: Callable[[Input], Iterator[Found]]

    @property
    def application_type(self) -> str:
        """The type of its applications; empty where it yields none, or those of which a document speaks."""
        return self.application or (self.name if self.kind in ("lang", "binary") else "")
