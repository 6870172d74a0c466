"""A layer's files held in memory, as analysers see them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Host, Input, NoHost, Options
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.inventory import Found
from assaymark.model.issue import Issue
from assaymark.model.maven import MavenRepository


@dataclass(frozen=True)
class MemoryFile:
    """A regular file."""

    path: str
    content: bytes
    mode: int = 0o644

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)

    def read(self, limit: int | None = None) -> bytes:
        allowed = DEFAULT_LIMITS.parsed_file_bytes if limit is None else limit
        if self.size > allowed:
            raise LimitError(f"`{self.path}` is longer than {allowed} bytes")
        return self.content


@dataclass(frozen=True)
class MemoryTree:
    """The files of one layer, links by the path they stand for, and files around it, whose paths begin with `..`."""

    files: Mapping[str, MemoryFile]
    links: Mapping[str, str] = field(default_factory=dict)

    def find(self, path: str) -> MemoryFile | None:
        return None if path.startswith("..") else self.files.get(self.links.get(path, path))

    def around(self, path: str, limit: int) -> bytes | None:
        file = self.files.get(path) if path.startswith("..") else None
        return file.read(limit) if file else None

    def under(self, folder: str) -> Iterator[MemoryFile]:
        prefix = f"{folder}/" if folder else ""
        return (file for path, file in sorted(self.files.items()) if path.startswith(prefix))


@dataclass(frozen=True)
class MemoryHost:
    """The caches of package managers by `cache/path`, and what repositories answer by URL."""

    files: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    route: Callable[[Iterable[MavenRepository]], Iterable[MavenRepository]] = tuple

    def read(self, cache: str, path: str, limit: int) -> bytes | None:
        return self._bounded(self.files.get(f"{cache}/{path}"), limit)

    def names(self, cache: str, suffix: str) -> Iterator[str]:
        paths = sorted(path.removeprefix(f"{cache}/") for path in self.files if path.startswith(f"{cache}/"))
        return (path for path in paths if path.endswith(suffix))

    def repositories(self, named: Iterable[MavenRepository]) -> Iterable[MavenRepository]:
        return self.route(named)

    def fetch(self, repository: MavenRepository, path: str, limit: int) -> bytes | None:
        url = f"{repository.url.rstrip('/')}/{path}"
        self.asked.append(url)
        return self._bounded(self.answers.get(url), limit)

    def _bounded(self, text: str | None, limit: int) -> bytes | None:
        if text is not None and len(text) > limit:
            raise LimitError(f"longer than {limit} bytes")
        return None if text is None else text.encode()


def tree(
    files: Mapping[str, bytes | str], *, links: Mapping[str, str] | None = None, modes: Mapping[str, int] | None = None
) -> MemoryTree:
    """A tree of these files; text is UTF-8."""
    return MemoryTree(
        {
            path: MemoryFile(
                path, content.encode() if isinstance(content, str) else content, (modes or {}).get(path, 0o644)
            )
            for path, content in files.items()
        },
        links or {},
    )


def run(
    analyzer: Analyzer,
    path: str,
    files: Mapping[str, bytes | str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    options: Options | None = None,
    root: str = "",
    host: Host | None = None,
) -> tuple[list[Found], list[Issue]]:
    """What `analyzer` finds in the file at `path` of a tree, and what it reports; its errors come through."""
    issues: list[Issue] = []
    layer = tree(files)
    file = layer.find(path)
    assert file is not None, path
    source = Input(
        file=file,
        tree=layer,
        limits=limits,
        options=options or Options(),
        report=issues.append,
        root=root,
        host=host or NoHost(),
    )
    return list(analyzer.parse(source)), issues
