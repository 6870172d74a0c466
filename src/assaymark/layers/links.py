"""Symbolic and hard links of one layer, resolved in our heads.

Rules (path_resolution(7), with the layer's root as the root):

1. An absolute target starts at the root of the layer; `..` at the root stays there. Nothing outside can be named.
2. At most `Limits.link_hops` links are followed for a path; a loop leads nowhere.
3. A hard link's target is the name of a member; symbolic links in it are followed like in any other path.
4. Only links of the same layer are known: what a lower layer links is not followed.

An analyser that asks for `var/lib/dpkg/status` finds it when `var/lib/dpkg` is a link to `usr/lib/dpkg`, or when the
file is a hard link: `aliases` finds the wanted paths that exist only through links, and the file that each of them is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

import msgspec

from assaymark.limits import Limits


class Link(msgspec.Struct, frozen=True, gc=False):
    """Where a link leads, as written (hard: a clean member name)."""

    target: str
    hard: bool = False


class Links:
    """The links of one layer by their paths."""

    def __init__(self, *, limits: Limits) -> None:
        self._limits = limits
        self._links: dict[str, Link] = {}
        self._steps = limits.layer_link_steps

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def add(self, path: str, link: Link) -> None:
        """Remember a link; the last at a path counts."""
        self._links[path] = link

    def discard(self, path: str) -> None:
        """Forget the link at `path`, which has become something else."""
        self._links.pop(path, None)

    @property
    def exhausted(self) -> bool:
        """Whether so much was followed that nothing more will be."""
        return self._steps < 0

    def spend(self) -> bool:
        """Take one step; False where there are none left."""
        self._steps -= 1
        return self._steps >= 0

    def resolve(self, path: str) -> str | None:
        """The path without links that `path` leads to; None where it is the root or a loop."""
        done: list[str] = []
        ahead = path.split("/")[::-1]
        hops = 0
        while ahead and self.spend():
            part = ahead.pop()
            if part == "..":
                if done:
                    done.pop()
                continue
            if part in {"", "."}:
                continue
            done.append(part)
            if len(done) > self._limits.path_depth:
                return None
            link = self._links.get("/".join(done))
            if link is None:
                continue
            hops += 1
            if hops > self._limits.link_hops:
                return None
            if link.hard or link.target.startswith("/"):
                done.clear()
            else:
                done.pop()
            ahead += link.target.split("/")[::-1]
        return None if ahead else "/".join(done) or None


class AliasSearch:
    """Finds the wanted paths that exist only through links."""

    def __init__(self, links: Links, files: Sequence[str], wants: Callable[[str], bool], *, limits: Limits) -> None:
        """Search with `files`, the sorted paths of the layer's files that nobody wants under their own names."""
        self._links = links
        self._files = files
        self._file_set = frozenset(files)
        self._paths = sorted(links)
        self._wants = wants
        self._hops = limits.link_hops
        self._found: dict[str, str] = {}

    def run(self) -> dict[str, str]:
        """The wanted paths, each with the path of the file that it is; not all when `Links.exhausted`."""
        for path in self._paths:
            self._follow(path, self._links.resolve(path), ())
        return self._found

    def _follow(self, path: str, target: str | None, behind: tuple[str, ...]) -> None:
        """Look at the link (or link behind links) `path`: to a file, or to a directory with files and links in it."""
        if target is None or target in behind or len(behind) > self._hops:
            return
        if target in self._file_set:
            self._try(path, target)
            return
        start = target + "/"
        for file in _below(self._files, start):
            if not self._try(f"{path}/{file[len(start) :]}", file):
                return
        for link in _below(self._paths, start):
            if not self._links.spend():
                return
            self._follow(f"{path}/{link[len(start) :]}", self._links.resolve(link), (*behind, target))

    def _try(self, path: str, file: str) -> bool:
        if self._links.spend() and self._wants(path):
            self._found.setdefault(path, file)
        return not self._links.exhausted


def _below(paths: Sequence[str], start: str) -> Iterator[str]:
    for index in range(bisect_left(paths, start), len(paths)):
        if not paths[index].startswith(start):
            return
        yield paths[index]
