"""Which analysers a command runs.

Every analyser states the commands that run it (`Analyzer.targets`): lockfiles are read in source trees (`fs`, `repo`),
what is installed is read in images and root file systems. `--pkg-types os` leaves the other analysers out.
`--pkg-types library` leaves nothing out: the system's release stands in the report all the same, and only its package
database tells which files belong to the system (rule 4 of `assaymark.inventory.analyse`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Final

from assaymark.extensions import discover
from assaymark.inventory.analyzer import Analyzer, Options
from assaymark.inventory.index import Index
from assaymark.inventory.unanalysed import KINDS, Kind

PKG_TYPES: Final = ("os", "library")

_FOLDERS: Final = ("os", "lang", "binary", "sbom")


@cache
def analyzers() -> tuple[Analyzer, ...]:
    """Every analyser there is, folder by folder in order of the files' names."""
    return tuple(
        analyzer for folder in _FOLDERS for analyzer in discover(f"assaymark.inventory.{folder}", "ANALYZER", Analyzer)
    )


def analysers_for(target: str, *, pkg_types: Collection[str] = PKG_TYPES) -> list[Analyzer]:
    """The analysers that the command `target` (`image`, `rootfs`, `fs`, `repo`) runs."""
    return [
        analyzer
        for analyzer in analyzers()
        if target in analyzer.targets and (analyzer.kind == "os" or "library" in pkg_types)
    ]


def kinds_for(target: str, *, pkg_types: Collection[str] = PKG_TYPES) -> Iterator[Kind]:
    """The kinds of files that such a scan recognises without reading them."""
    return (kind for kind in KINDS if target in kind.targets and kind.group in pkg_types)


def index_for(target: str, *, pkg_types: Collection[str] = PKG_TYPES, options: Options | None = None) -> Index:
    """The compiled interests of everything that `target` runs.

    Raises:
        UsageError: a file pattern of `options` is no regular expression.
    """
    options = options or Options()
    chosen = [
        analyzer
        for analyzer in analysers_for(target, pkg_types=pkg_types)
        if not analyzer.option or getattr(options, analyzer.option)
    ]
    return Index(chosen, options, unread=kinds_for(target, pkg_types=pkg_types))


class Analysts:
    """The analysers of one scan, imported when a layer has to be read; any number of threads may ask."""

    def __init__(self, target: str, *, pkg_types: Collection[str] = PKG_TYPES, options: Options) -> None:
        self._target = target
        self._pkg_types = pkg_types
        self._options = options
        self._lock = threading.Lock()
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """Their compiled interests.

        Raises:
            UsageError: a file pattern is no regular expression.
        """
        with self._lock:
            if self._index is None:
                self._index = index_for(self._target, pkg_types=self._pkg_types, options=self._options)
            return self._index

    @property
    def digest(self) -> str:
        """Their names, versions and options, for cache keys.

        Raises:
            UsageError: a file pattern is no regular expression.
        """
        return analyser_set(self.index.analyzers, options=self._options)


def analyser_set(chosen: Sequence[Analyzer], *, options: Options | None = None) -> str:
    """A digest of the analysers' names and versions and of the options, for cache keys."""
    options = options or Options()
    lines = sorted(f"{analyzer.kind} {analyzer.name} {analyzer.version}" for analyzer in chosen)
    lines.append(f"comprehensive {options.comprehensive}")
    lines += ["checksums"] if options.checksums else []
    lines.extend(f"pattern {name} {expression}" for name, expression in options.file_patterns)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
