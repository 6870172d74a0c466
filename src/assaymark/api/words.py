"""Words that callers choose from: type checkers look at them, and here it is made sure for those who run none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from assaymark.errors import UsageError

Word = TypeVar("Word", bound=str)


def known_names(values: Iterable[str], known: frozenset[str], what: str) -> tuple[str, ...]:
    """The values, each once, and each known: a name that is misspelt must not filter everything out.

    Raises:
        UsageError: one is not known.
    """
    chosen = tuple(dict.fromkeys(values))
    unknown = next((value for value in chosen if value not in known), None)
    if unknown is not None:
        raise UsageError(f"`{unknown}` is no {what}", hint=f"one of {', '.join(sorted(known))}")
    return chosen


def one_of(value: Word, known: tuple[str, ...], what: str) -> Word:
    """The word, which has to be known.

    Raises:
        UsageError: it is not.
    """
    if value not in known:
        raise UsageError(f"`{value}` is no {what}", hint=f"one of {', '.join(known)}")
    return value
