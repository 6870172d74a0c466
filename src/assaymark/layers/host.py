"""The caches of package managers on this machine, for scans of source trees.

What a lockfile does not say (licences, dependencies of dependencies) often lies in the cache of the tool that wrote it.
Rules:

1. A cache is a folder; a path in it never leads out of it by `..`. Links are followed: the folders are the user's own,
   and people link them to where there is room.
2. Files are regular, and bounded; what cannot be read is not there.
3. What remote repositories answered, and that they did not, is remembered.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from assaymark.errors import LimitError
from assaymark.model.maven import MavenRepository
from assaymark.safeio.paths import clean_path
from assaymark.safeio.readers import read_bounded

Fetch = Callable[[MavenRepository, str, int], bytes | None]
Route = Callable[[Iterable[MavenRepository]], Iterable[MavenRepository]]


class HostCaches:
    """Implements `assaymark.inventory.analyzer.Host`."""

    def __init__(self, folders: Mapping[str, Path], fetch: Fetch | None = None, route: Route = iter) -> None:
        self._folders = folders
        self._fetch = fetch
        self._route = route
        self._answers: dict[tuple[str, str, str], bytes | None] = {}

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

    def repositories(self, named: Iterable[MavenRepository]) -> Iterable[MavenRepository]:
        """The repositories to ask where POMs name those."""
        return self._route(named)

    def fetch(self, repository: MavenRepository, path: str, limit: int) -> bytes | None:
        """What a repository answers; None where nobody may be asked.

        Raises:
            LimitError: the answer is longer than `limit`.
        """
        if self._fetch is None:
            return None
        question = repository.id, repository.url, path
        if question not in self._answers:
            self._answers[question] = self._fetch(repository, path, limit)
        return self._answers[question]


def cache_folders(environ: Mapping[str, str], maven: str = "") -> dict[str, Path]:
    """Where the caches are, by the variables that the package managers read themselves.

    Maven's is `~/.m2/repository`, Gradle's `caches` in `GRADLE_USER_HOME` or `~/.gradle`, NuGet's `NUGET_PACKAGES` or
    `~/.nuget/packages`, Go's `pkg/mod` in `GOPATH` or `~/go`.

    Args:
        environ: the variables.
        maven: Maven's, where its settings name it.
    """
    home = environ.get("HOME", "")
    go = environ.get("GOPATH") or (home and str(Path(home, "go")))
    folders = {
        "maven": maven or (home and str(Path(home, ".m2", "repository"))),
        "gradle": home and str(Path(environ.get("GRADLE_USER_HOME") or Path(home, ".gradle"), "caches")),
        "nuget": environ.get("NUGET_PACKAGES") or (home and str(Path(home, ".nuget", "packages"))),
        "go": go and str(Path(go, "pkg", "mod")),
    }
    return {cache: Path(folder) for cache, folder in folders.items() if folder}
