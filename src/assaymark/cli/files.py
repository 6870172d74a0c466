"""Files that the user names: inputs with `-` for stdin, outputs that are whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from assaymark.errors import LocalError
from assaymark.safeio.files import atomic_writer
from assaymark.safeio.readers import read_bounded

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def read_input(name: str, console: Console, *, limit: int) -> bytes:
    """The content of the file `name`, or of stdin for `-`.

    Raises:
        LocalError: it cannot be read.
        LimitError: it is longer than `limit` bytes.
    """
    if name == "-":
        return read_bounded(console.stdin, limit=limit, what="stdin")
    try:
        with Path(name).open("rb") as stream:
            return read_bounded(stream, limit=limit, what=f"`{name}`")
    except OSError as exc:
        raise LocalError(f"cannot read `{name}`: {exc.strerror}") from exc


@contextmanager
def open_output(name: str, console: Console) -> Iterator[BinaryIO]:
    """Where a document goes: the file `name`, which is replaced only when all of it was written, or stdout.

    A device or a pipe (`/dev/stdout`, a process substitution) is written to as it is.

    Raises:
        LocalError: it cannot be written.
    """
    if not name:
        yield console.stdout
        return
    path = Path(name)
    if path.exists() and not path.is_file():
        try:
            with path.open("wb") as stream:
                yield stream
        except OSError as exc:
            raise LocalError(f"cannot write `{name}`: {exc.strerror}") from exc
        return
    with atomic_writer(path, durable=False) as stream:
        yield stream
