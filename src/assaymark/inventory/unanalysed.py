"""Kinds of files that hold packages and that this version does not read.

A report that is silent about them would read as "nothing found". So the walk counts them, and the report's coverage
names each kind with a number and a few examples. The kinds are those that a scan of the same target could be expected
to read; an analyser that is added later takes its files out of here by wanting them.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from assaymark.model.issue import Unanalysed

_EXAMPLES: Final = 3
_INSTALLED: Final = ("image", "rootfs")
_DECLARED: Final = ("fs", "repo")
_EVERYWHERE: Final = (*_INSTALLED, *_DECLARED)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of package source.

    Attributes:
        name: as the coverage prints it; the reference's name for the analyser where it has one.
        paths: patterns as in `Analyzer.paths`.
        targets: the commands for which the kind counts.
        group: `os` or `library`, as in `--pkg-types`.
        minimum: smaller files do not count.
    """

    name: str
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    group: Literal["os", "library"] = "library"
    minimum: int = 0


KINDS: Final[tuple[Kind, ...]] = ()


class Tally:
    """Counts of unread files, with the first few paths of each kind."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, kind: str, path: str) -> None:
        """One more file of `kind`."""
        self._note(kind, 1, (path,))

    def add_all(self, entries: tuple[Unanalysed, ...]) -> None:
        """Another layer's result on top."""
        for entry in entries:
            self._note(entry.kind, entry.count, entry.examples)

    def result(self) -> tuple[Unanalysed, ...]:
        """The kinds in order of their names."""
        return tuple(
            Unanalysed(kind=name, count=count, examples=tuple(self._examples[name]))
            for name, count in sorted(self._counts.items())
        )

    def _note(self, name: str, count: int, examples: tuple[str, ...]) -> None:
        self._counts[name] = self._counts.get(name, 0) + count
        kept = self._examples.setdefault(name, [])
        for path in examples:
            if len(kept) < _EXAMPLES and path not in kept:
                kept.append(path)
