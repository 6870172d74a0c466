"""What a layer or a directory offers to analysers: its kept files, found by path or folder by folder."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Self

from assaymark.layers.around import ReadAround
from assaymark.layers.kept import KeptFile


def _nothing(_path: str, _limit: int) -> bytes | None:
    return None


class FileTree:
    """The kept files of one layer or directory (the inventory's `Tree`)."""

    def __init__(
        self, files: Mapping[str, KeptFile], resolve: Callable[[str], str | None], around: ReadAround = _nothing
    ) -> None:
        """Offer `files`.

        Args:
            files: by path.
            resolve: gives the path that a path leads to through links, None where it leads nowhere.
            around: reads what is around them on the host.
        """
        self._files = files
        self._resolve = resolve
        self._around = around

    def around(self, path: str, limit: int) -> bytes | None:
        """The file of the host at `path`, outside of what is analysed; None where there is none, as for images.

        Raises:
            LimitError: it is longer than `limit`.
        """
        return self._around(path, limit)

    def find(self, path: str) -> KeptFile | None:
        """The file at `path`, links inside followed; None where there is none."""
        file = self._files.get(path)
        if file is None:
            target = self._resolve(path)
            file = None if target is None else self._files.get(target)
        return file

    def under(self, folder: str) -> Iterator[KeptFile]:
        """The files below `folder` (all, for the empty string), in byte order of their paths."""
        start = f"{folder}/" if folder else ""
        for index in range(bisect_left(self._paths, start), len(self._paths)):
            path = self._paths[index]
            if not path.startswith(start):
                return
            yield self._files[path]

    @cached_property
    def _paths(self) -> list[str]:
        """Sorted by code points, which is the order of UTF-8 bytes."""
        return sorted(self._files)


class Harvest:
    """What one pass over a layer or a directory gave; close it when the analysers are done.

    Attributes:
        tree: the kept files.
        whiteouts: paths that the layer deletes from those below it, in order of the stream.
        opaque: directories whose lower content it hides, without trailing slash; the empty string for the root.
        size: bytes of the uncompressed stream; 0 for a directory.
        diff_id: the verified digest of the uncompressed stream; empty for a directory.
    """

    def __init__(
        self,
        tree: FileTree,
        *,
        close: Callable[[], None],
        whiteouts: tuple[str, ...] = (),
        opaque: tuple[str, ...] = (),
        size: int = 0,
        diff_id: str = "",
    ) -> None:
        self.tree = tree
        self.whiteouts = whiteouts
        self.opaque = opaque
        self.size = size
        self.diff_id = diff_id
        self._close = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back temporary files; the tree's files cannot be opened any more."""
        self._close()
