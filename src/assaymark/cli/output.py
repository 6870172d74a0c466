"""stdout as commands write it: silent once its reader has gone, one plain error when it cannot be written.

A reader that goes away (`| head`) must not end the work, which may be half-way through signing; what is written after
that vanishes. Any other failure (a full disk) is a `LocalError`, once. In both cases the descriptor is led nowhere,
because the interpreter flushes it again at the end of the process and would complain there. A stdout that the caller
closed (`>&-`) fails like a full disk, once something is written: a proof that nobody can receive was not given.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import BinaryIO, TextIO, cast

from assaymark.errors import LocalError


class Output(io.RawIOBase):
    """A binary stream that is guarded; closing it is left to the process."""

    def __init__(self, stream: BinaryIO, *, before: Callable[[], object] | None = None) -> None:
        """Guard `stream`; `before` is called before something is written, to clear the terminal for it."""
        super().__init__()
        self._stream = stream
        self._before = before
        self._gone = False

    def write(self, data: object, /) -> int:
        """All of `data`, or nothing once the reader has gone."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]  # RawIOBase types it as any buffer
        if self._before is not None:
            self._before()
        if not self._gone:
            self._guard(lambda: self._stream.write(view))
        return len(view)

    def flush(self) -> None:
        """Hand everything to the system."""
        if not self._gone:
            self._guard(self._stream.flush)

    def isatty(self) -> bool:
        """Whether a terminal is behind it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor behind it."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """The process closes its own streams."""

    def _guard(self, write: Callable[[], object]) -> None:
        try:
            write()
        except BrokenPipeError:
            self._gone = True
            forget(self._stream)
        except OSError as exc:
            self._gone = True
            forget(self._stream)
            raise LocalError(f"standard output cannot be written: {exc.strerror or exc}") from exc


class ClosedOutput(io.RawIOBase):
    """A stream that takes nothing."""

    def write(self, data: object, /) -> int:
        """Never.

        Raises:
            OSError: always, as a closed descriptor does.
        """
        del data
        from errno import EBADF

        raise OSError(EBADF, "it is closed")

    def writable(self) -> bool:
        """As far as anybody can see."""
        return True


def process_stdout() -> BinaryIO:
    """The stdout of this process; where the caller closed it, one that takes nothing."""
    return getattr(sys.stdout, "buffer", None) or cast("BinaryIO", ClosedOutput())


def forget(stream: BinaryIO | TextIO) -> None:
    """Lead a descriptor nowhere, so that the interpreter's own flush at the end has nothing to complain about."""
    try:
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    except (OSError, ValueError):
        return
