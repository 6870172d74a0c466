"""The caches of package managers on this machine, for scans of source trees.

What a lockfile does not say (licences, dependencies of dependencies) often lies in the cache of the tool that wrote it.
Rules:

1. A cache is a folder; a path in it never leads out of it by `..`. Links are followed: the folders are the user's own,
   and people link them to where there is room.
2. Files are regular, and bounded; what cannot be read is not there.
3. Remote repositories are asked by https, or not at all: their addresses come from scanned files. An answer, and that
   there was none, is remembered.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from assaymark.errors import LimitError
from assaymark.safeio.paths import clean_path
from assaymark.safeio.readers import read_bounded

Fetch = Callable[[str, int], bytes | None]


class HostCaches:
    """Implements `assaymark.inventory.analyzer.Host`."""

    def __init__(self, folders: Mapping[str, Path], fetch: Fetch | None = None) -> None:
        self._folders = folders
        self._fetch = fetch
        self._answers: dict[str, bytes | None] = {}

    def read(self, cache: str, path: str, limit: int) -> bytes | None:
        """The file at `path` in a cache; None where there is none.

        Raises:
            LimitError: it is longer than `limit`.
        """
        folder = self._folders.get(cache)
        if folder is None or not path or clean_path(path) != path:
            return None
        try:
            descriptor = os.open(folder / path, os.O_RDONLY | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    return None
                return read_bounded(stream, limit=limit, what=path)
        except LimitError:
            raise
        except (OSError, ValueError):
            return None

    def names(self, cache: str, suffix: str) -> Iterator[str]:
        """The files of a cache whose names end in `suffix`, in byte order of their paths."""
        folder = self._folders.get(cache)
        if folder is None:
            return
        for place, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files):
                if name.endswith(suffix):
                    yield Path(place, name).relative_to(folder).as_posix()

    def fetch(self, url: str, limit: int) -> bytes | None:
        """What a repository answers; None where nobody may be asked.

        Raises:
            LimitError: the answer is longer than `limit`.
        """
        if self._fetch is None or not url.startswith("https://"):
            return None
        if url not in self._answers:
            self._answers[url] = self._fetch(url, limit)
        return self._answers[url]


def cache_folders(environ: Mapping[str, str]) -> dict[str, Path]:
    """Where the caches are, by the variables that the package managers read themselves.

    Maven's is `~/.m2/repository`, Gradle's `caches` in `GRADLE_USER_HOME` or `~/.gradle`, NuGet's `NUGET_PACKAGES` or
    `~/.nuget/packages`, Go's `pkg/mod` in `GOPATH` or `~/go`.
    """
    home = environ.get("HOME", "")
    nuget, go = environ.get("NUGET_PACKAGES", ""), environ.get("GOPATH", "")
    if not home:
        stated = {"nuget": Path(nuget)} if nuget else {}
        return {**stated, "go": Path(go, "pkg", "mod")} if go else stated
    gradle = Path(environ.get("GRADLE_USER_HOME") or Path(home, ".gradle"))
    return {
        "maven": Path(home, ".m2", "repository"),
        "gradle": gradle / "caches",
        "nuget": Path(nuget or Path(home, ".nuget", "packages")),
        "go": Path(go or Path(home, "go"), "pkg", "mod"),
    }
