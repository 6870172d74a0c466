"""Words that callers choose from: type checkers look at them, and here it is made sure for those who run none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from assaymark.errors import UsageError

Word = TypeVar("Word", bound=str)


def known_names(values: Iterable[str], known: frozenset[str], what: str) -> frozenset[str]:
    """The values, each of which has to be known: a name that is misspelt must not filter everything out."""
    chosen = frozenset(values)
    if unknown := sorted(chosen - known):
        raise UsageError(f"`{unknown[0]}` is no {what}", hint=f"one of {', '.join(sorted(known))}")
    return chosen


def one_of(value: Word, known: tuple[str, ...], what: str) -> Word:
    """The word, which has to be known."""
    if value not in known:
        raise UsageError(f"`{value}` is no {what}", hint=f"one of {', '.join(known)}")
    return value
