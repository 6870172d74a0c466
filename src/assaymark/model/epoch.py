"""`SOURCE_DATE_EPOCH` (reproducible-builds.org): the moment that takes the place of the clock in what is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from assaymark.errors import UsageError

EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"
_MOST_DIGITS: Final = 11


def find_source_date(environ: Mapping[str, str]) -> datetime | None:
    """The date that the variable sets, in UTC; None where it is not set.

    Raises:
        UsageError: it is not a number of seconds since 1970.
    """
    text = environ.get(EPOCH_VARIABLE, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise UsageError(f"`{EPOCH_VARIABLE}` is `{text[:40]}`, not a number of seconds since 1970")
    return datetime.fromtimestamp(int(text), tz=UTC)
