"""Files of ours on the host: whole or not at all, and temporary ones that nobody else can open.

A file is written under a temporary name in its own folder, synchronised and renamed, so that a reader, a concurrent
writer or a kill -9 sees the old content or the new and never half (`rename(2)`). What a killed process leaves are
files that match `PARTIAL`; the owner of a folder sweeps them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from assaymark.errors import LocalError
from assaymark.safeio.readers import read_bounded

PARTIAL: Final = ".*.partial"
"""Glob of the temporary names."""


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Make `data` the content of `path`.

    Raises:
        LocalError: the folder cannot be written, the disk is full.
    """
    with atomic_writer(path, mode=mode, durable=durable) as stream:
        stream.write(data)


@contextmanager
def atomic_writer(path: Path, *, mode: int = 0o644, durable: bool = True) -> Iterator[BinaryIO]:
    """A stream whose content becomes `path` when the block ends well, and vanishes when it does not.

    Args:
        path: the file to replace; its folder exists.
        mode: permission bits, set before the first byte and narrowed by the umask.
        durable: whether to wait until the disk has it; caches that check themselves can do without.

    Raises:
        LocalError: the file cannot be written.
    """
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.partial")
    try:
        with _create(partial, mode) as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        partial.replace(path)
        if durable:
            _sync_folder(path.parent)
    except OSError as exc:
        raise local_error("write", path, exc) from exc
    finally:
        with suppress(OSError):
            partial.unlink()


def read_file(path: Path, *, limit: int) -> bytes:
    """The content of a file that the user names.

    Raises:
        LocalError: it cannot be read.
        LimitError: it is longer than `limit` bytes.
    """
    try:
        with path.open("rb") as stream:
            return read_bounded(stream, limit=limit, what=str(path))
    except OSError as exc:
        raise local_error("read", path, exc) from exc


def private_temporary(folder: Path | None = None) -> BinaryIO:
    """A readable and writable file without a name: it is gone when it is closed or the process ends.

    Raises:
        LocalError: the folder (the system's temporary folder without one) cannot be written.
    """
    import tempfile  # brings the compressors of `shutil` along, and most commands need no temporary file

    try:
        return tempfile.TemporaryFile(dir=folder)
    except OSError as exc:
        raise local_error("create a temporary file in", folder or Path(tempfile.gettempdir()), exc) from exc


def local_error(action: str, path: Path, exc: OSError) -> LocalError:
    """The error for a failed operation on a file of ours."""
    return LocalError(f"cannot {action} `{path}`: {(exc.strerror or str(exc)).lower()}")


def _create(path: Path, mode: int) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
