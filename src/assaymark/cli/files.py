"""Files that the user names: inputs with `-` for stdin, outputs that are whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from assaymark.safeio.files import atomic_writer, local_error
from assaymark.safeio.readers import read_bounded

_STDOUT: Final = frozenset({"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
_SYSTEM_FOLDERS: Final = (Path("/dev"), Path("/proc"))
_SHARED: Final = Path("/dev/shm")  # noqa: S108 - ordinary files in memory

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def read_input(name: str, console: Console, *, limit: int) -> bytes:
    """The content of the file `name`, or of stdin for `-`.

    Raises:
        LocalError: it cannot be read.
        LimitError: it is longer than `limit` bytes.
    """
    with open_input(name, console) as stream:
        return read_bounded(stream, limit=limit, what="stdin" if name == "-" else name)


@contextmanager
def open_input(name: str, console: Console) -> Iterator[BinaryIO]:
    """The file `name`, or stdin for `-`, to be read bit by bit; nothing else is to fail inside.

    Raises:
        LocalError: it cannot be opened or read.
    """
    if name == "-":
        yield console.stdin
        return
    try:
        with Path(name).open("rb") as stream:
            yield stream
    except OSError as exc:
        raise local_error("read", Path(name), exc) from exc


@contextmanager
def open_output(name: str, console: Console, *, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Where a document goes: the file `name`, which is replaced only when all of it was written, or stdout.

    A device or a pipe (`/dev/stderr`, a process substitution) is written to as it is. What stands in `/dev` and `/proc`
    is never replaced, even where it leads to a file: `--output /dev/stdout > report.json` is stdout. A symbolic link
    stays, and the file that it leads to is replaced.

    Raises:
        LocalError: it cannot be written.
    """
    if not name or name in _STDOUT:
        yield console.stdout
        return
    path = Path(name)
    if is_stream(path):
        try:
            with path.open("ab") as stream:
                yield stream
        except OSError as exc:
            raise local_error("write", path, exc) from exc
        return
    with atomic_writer(path.resolve() if path.is_symlink() else path, mode=mode, durable=False) as stream:
        yield stream


def is_stream(path: Path) -> bool:
    """Whether `path` is no file that can be replaced: a device, a pipe, or what stands in `/dev` and `/proc`."""
    folder = path.parent.resolve()
    in_system = any(folder.is_relative_to(root) for root in _SYSTEM_FOLDERS) and not folder.is_relative_to(_SHARED)
    return in_system or (path.exists() and not path.is_file())
