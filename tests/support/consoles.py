"""Consoles for tests: streams in memory that can pretend to be terminals, and what was written to them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from assaymark.cli.console import Console


class BytesTerminal(io.BytesIO):
    """Bytes that say they are a terminal."""

    def isatty(self) -> bool:
        return True


class TextTerminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Recorded(NamedTuple):
    """A console and what it wrote."""

    console: Console
    stdout: io.BytesIO
    stderr: io.StringIO

    @property
    def out(self) -> str:
        return self.stdout.getvalue().decode()

    @property
    def err(self) -> str:
        return self.stderr.getvalue()


def recorded_console(
    *,
    stdin: bytes = b"",
    environ: Mapping[str, str] | None = None,
    terminal: bool = False,
    monotonic: Callable[[], float] = lambda: 0.0,
) -> Recorded:
    """A console in memory; its clock stands still at 2026-01-02 03:04:05 UTC."""
    stdout = BytesTerminal() if terminal else io.BytesIO()
    stderr = TextTerminal() if terminal else io.StringIO()
    console = Console(
        stdin=io.BytesIO(stdin),
        stdout=stdout,
        stderr=stderr,
        environ={} if environ is None else environ,
        monotonic=monotonic,
        now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    return Recorded(console, stdout, stderr)
