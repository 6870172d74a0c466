"""How long work tells the outside about itself: a stage never prints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Task(Protocol):
    """One piece of work with a length."""

    def advance(self, amount: int) -> None:
        """`amount` more units (bytes, layers) are done."""

    def close(self) -> None:
        """The work is over, well or badly."""


class Progress(Protocol):
    """Where tasks are announced; may be called from several threads."""

    def start(self, label: str, *, total: int | None = None, unit: str = "B") -> Task:
        """Announce work; `total` is None where the length is unknown, `unit` empty where nobody counts."""
        ...


@contextmanager
def running(progress: Progress, label: str, *, total: int | None = None, unit: str = "B") -> Iterator[Task]:
    """Work that is announced, and over at the end, well or badly."""
    task = progress.start(label, total=total, unit=unit)
    try:
        yield task
    finally:
        task.close()


class _NoTask:
    def advance(self, amount: int) -> None:
        """Nothing to tell."""

    def close(self) -> None:
        """Nothing to end."""


class NoProgress:
    """Silence: for pipelines, tests and the library."""

    def start(self, label: str, *, total: int | None = None, unit: str = "B") -> Task:  # noqa: ARG002
        """A task that nobody watches."""
        return _NoTask()
