"""Puts a new folder in the place of an old one, so that every reader sees the one or the other.

1. Where nothing stands, the new folder is renamed into place.
2. Where a folder stands, the two change places in one step (`renameat2(RENAME_EXCHANGE)` on Linux,
   `renamex_np(RENAME_SWAP)` on macOS).
3. File systems without that step get two renames; the old folder stands aside in between, and `recover` puts it back if
   the process died there.
4. A mount point cannot be renamed: its files are replaced one by one, the database first. If the process dies between
   them the new database stands with the old date, which is one download too many and no wrong answer.

The new folder is always prepared on the same file system: beside the old one, or inside it where that is a mount point.
What else lies in the old folder belongs to somebody and is carried over.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from assaymark.advisories.cache import DATABASE_FILE, JAVA_DATABASE_FILE, METADATA_FILE
from assaymark.safeio.files import PARTIAL, local_error

_FILES: Final = (DATABASE_FILE, JAVA_DATABASE_FILE, METADATA_FILE)
_HERE: Final = -100  # AT_FDCWD
_EXCHANGE: Final = 2  # RENAME_EXCHANGE, and RENAME_SWAP of macOS
_UNSUPPORTED: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM})


def prepare(target: Path) -> Path:
    """An empty folder from which `switch` can fill `target`.

    Raises:
        LocalError: the disk is read-only, full, or somebody else's.
    """
    real = _real(target)
    folder = (real if real.is_mount() else real.parent) / f".{real.name}.{secrets.token_hex(8)}.incoming"
    try:
        folder.mkdir(parents=True)
    except OSError as exc:
        raise local_error("create", folder, exc) from exc
    return folder


def switch(incoming: Path, target: Path) -> None:
    """Make the files in `incoming` the content of `target`.

    Raises:
        LocalError: the disk does not let us; `target` is as it was.
    """
    real = _real(target)
    try:
        _sync(incoming)
        if incoming.parent == real:
            for name in (each for each in _FILES if (incoming / each).exists()):
                (incoming / name).replace(real / name)
        elif not _is_occupied(real):
            incoming.rename(real)
        elif not _exchange(incoming, real):
            _rename_twice(incoming, real)
        _sync(real.parent)
        retire(incoming, target)
    except OSError as exc:
        raise local_error("switch the database in", real, exc) from exc


def retire(folder: Path, target: Path) -> None:
    """Remove an old or half-made folder, half-written files included; what is somebody's goes where it can be found."""
    with suppress(OSError):
        for entry in folder.iterdir():
            if entry.name in _FILES or entry.match(PARTIAL):
                entry.unlink()
            elif not (target / entry.name).exists():
                entry.rename(target / entry.name)
        folder.rmdir()


def recover(target: Path) -> None:
    """Finish what a killed process began: put back a folder that stood aside, and sweep what was half made.

    The caller holds the lock of the update, so nobody else is at it.
    """
    real = _real(target)
    aside = _aside(real)
    with suppress(OSError):
        if aside.is_dir():
            if real.exists():
                retire(aside, target)
            else:
                aside.rename(real)
    for folder in list(_incoming(real)):
        retire(folder, target)


def is_swept(target: Path) -> bool:
    """Whether no process has left anything half made; one that is still at it has."""
    real = _real(target)
    return not _aside(real).exists() and next(_incoming(real), None) is None


def _incoming(real: Path) -> Iterator[Path]:
    for parent in (real.parent, real):
        yield from parent.glob(f".{real.name}.*.incoming")


def _real(target: Path) -> Path:
    return Path(os.path.realpath(target))


def _aside(real: Path) -> Path:
    return real.with_name(f".{real.name}.previous")


def _is_occupied(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _rename_twice(incoming: Path, real: Path) -> None:
    aside = _aside(real)
    real.rename(aside)
    incoming.rename(real)
    aside.rename(incoming)


def _exchange(first: Path, second: Path) -> bool:
    """Let two folders change places in one step; False where the system cannot."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        name, arguments = "renamex_np", (os.fsencode(first), os.fsencode(second), _EXCHANGE)
    else:
        name, arguments = "renameat2", (_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE)
    function = getattr(library, name, None)
    if function is None:
        return False
    if function(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
