"""Files of the host around what is scanned, for those that a scanned file says it belongs to.

A module of a project is often scanned by itself, and what it inherits lies above it. Rules:

1. Above a scanned folder are those files that a path leads to whose first parts are `..`; around a single scanned file
   there are also those below its folder.
2. A git work tree is the end: nothing above it belongs to what is in it. A clone that we made has no surroundings.
3. Of the host's own folders the path is taken as it is; from there on no link is followed. Only regular files are read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from assaymark.errors import LimitError
from assaymark.layers.descent import open_below
from assaymark.safeio.readers import read_bounded

ReadAround = Callable[[str, int], bytes | None]
"""Given a path, seen from the root, and how long the file may be."""

_UP: Final = ".."


def surroundings(root: Path, *, single: bool) -> ReadAround:
    """A reader of what is around `root`, or around the `single` file of it that is scanned."""

    def read(path: str, limit: int) -> bytes | None:
        parts = path.split("/")
        levels = next((index for index, part in enumerate(parts) if part != _UP), len(parts))
        rest = parts[levels:]
        if not rest or not (levels or single) or not {"", ".", _UP}.isdisjoint(rest):
            return None
        folder = _above(root, levels)
        return None if folder is None else _read(folder, "/".join(rest), limit)

    return read


def _above(root: Path, levels: int) -> Path | None:
    """Rule 2."""
    folder = Path(os.path.abspath(root))  # noqa: PTH100 -- `resolve` would follow links
    for _ in range(levels):
        if (folder / ".git").exists() or folder.parent == folder:
            return None
        folder = folder.parent
    return folder


def _read(folder: Path, path: str, limit: int) -> bytes | None:
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            descriptor = open_below(root, path)
        finally:
            os.close(root)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return read_bounded(stream, limit=limit, what=path)
    except LimitError:
        raise
    except (OSError, ValueError):
        return None
