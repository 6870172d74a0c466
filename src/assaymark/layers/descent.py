"""Opening a file below an open directory, a directory at a time, without following a link (`openat`, `O_NOFOLLOW`)."""

from __future__ import annotations

import os
from typing import Final

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


def open_below(root: int, path: str) -> int:
    """A descriptor of the file at `path`; whoever asks looks at what it is, and closes it.

    Raises:
        OSError: there is none, it may not be read, or a link lies on the way.
    """
    *folders, name = path.split("/")
    folder = root
    try:
        for part in folders:
            deeper = os.open(part, FOLDER, dir_fd=folder)
            if folder != root:
                os.close(folder)
            folder = deeper
        return os.open(name, _FILE, dir_fd=folder)
    finally:
        if folder != root:
            os.close(folder)
