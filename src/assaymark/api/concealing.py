"""Errors that a program gets, without credentials: a registry may repeat in its answer what it was sent.

The command line cleans what it prints; a program prints errors itself, or a traceback does it. So what is raised is
cleaned, with everything that led to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assaymark.errors import Error
from assaymark.safeio.redaction import Redaction


@contextmanager
def concealing(redaction: Redaction) -> Iterator[None]:
    """Take credentials out of every error that leaves the block."""
    try:
        yield
    except Error as exc:
        _clean(exc, redaction)
        raise


def _clean(error: BaseException, redaction: Redaction) -> None:
    """The message, hint and notes of `error`, and of what caused it."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.args = tuple(redaction.clean(each) if isinstance(each, str) else each for each in current.args)
        if isinstance(current, Error):
            current.hint = redaction.clean(current.hint)
        notes = getattr(current, "__notes__", None)
        if notes:
            notes[:] = [redaction.clean(note) for note in notes]
        pending += [current.__cause__, current.__context__]
