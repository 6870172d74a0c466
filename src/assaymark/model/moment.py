"""Moments as records state them (RFC 3339, section 5.6), for programs that compare them, and how long ago they were."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_FRACTION: Final = re.compile(r"\.([0-9]+)")


def parse_time(text: str) -> datetime | None:
    """The moment of an RFC 3339 text, or None where it is none, or the zero time of Go."""
    match = _FRACTION.search(text)
    if match:  # Go prints up to nine digits; `fromisoformat` of Python 3.11 wants three or six
        text = f"{text[: match.start()]}.{match[1][:6]:0<6}{text[match.end() :]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year == 1:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def age(built: datetime, now: datetime) -> str:
    """How long ago that was, for people: `3 days`."""
    hours = int((now - built) / timedelta(hours=1))
    if hours < 1:
        return "less than an hour"
    count, unit = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
