"""Locks between processes: `flock(2)` on a file beside what it guards.

The kernel releases the lock when the process ends, however it ends, so there is nothing stale to break. The file
stays; its content means nothing. On a read-only folder nobody can write what the lock guards, so a shared lock that
cannot be taken there is not needed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assaymark.errors import LocalError
from assaymark.safeio.files import local_error

_PAUSE: Final = 0.02
_UNWRITABLE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT})


@contextmanager
def file_lock(path: Path, *, shared: bool = False, timeout: float = 60.0) -> Iterator[None]:
    """Hold the lock file `path` during the block.

    Args:
        path: the lock file; it is created where it is missing.
        shared: whether others may hold it shared at the same time.
        timeout: seconds to wait for those who hold it.

    Raises:
        LocalError: somebody else held it all the time, or the file cannot be made.
    """
    descriptor = _open(path, shared=shared)
    if descriptor is None:
        yield
        return
    try:
        _acquire(descriptor, path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, timeout)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path, *, shared: bool) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as exc:
        if not shared or exc.errno not in _UNWRITABLE:
            raise local_error("lock", path, exc) from exc
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None


def _acquire(descriptor: int, path: Path, operation: int, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            if time.monotonic() >= deadline:
                raise LocalError(
                    f"`{path}` is locked by another process",
                    hint="wait for the other run, or give this one its own --cache-dir",
                ) from exc
        except OSError as exc:  # a file system without locks
            raise local_error("lock", path, exc) from exc
        else:
            return
        time.sleep(_PAUSE)
