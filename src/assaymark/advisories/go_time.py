"""Times as Go's `encoding/json` reads and prints them (RFC 3339, package `time`, layout `RFC3339Nano`).

1. Reading wants upper-case `T` and `Z` and a real calendar day; an hour of one digit and a comma before the fraction
   are taken, as Go takes them (go.dev/issue/54580).
2. Printing keeps the offset (`Z` for zero) and up to nine fractional digits without trailing zeros.
3. The zero value is the first second of the year 1.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

ZERO: Final = "0001-01-01T00:00:00Z"

_PATTERN: Final = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})T(?P<hour>[01]?\d|2[0-3])(?P<rest>:[0-5]\d:[0-5]\d)(?:[.,](?P<fraction>\d{1,64}))?"
    r"(?P<offset>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)\Z",
    re.ASCII,
)


def parse_time(text: str) -> datetime:
    """The instant that `text` names, to the microsecond.

    Raises:
        ValueError: not RFC 3339 as Go reads it.
    """
    seconds, fraction, offset = _split(text)
    return datetime.fromisoformat(f"{seconds}.{fraction[:6].ljust(6, '0')}{offset.replace('Z', '+00:00')}")


def normal_time(text: str) -> str:
    """`text` as Go prints it again after reading it.

    Raises:
        ValueError: not RFC 3339 as Go reads it.
    """
    parse_time(text)
    seconds, fraction, offset = _split(text)
    fraction = fraction[:9].rstrip("0")
    return f"{seconds}{'.' + fraction if fraction else ''}{'Z' if offset[1:] == '00:00' else offset}"


def _split(text: str) -> tuple[str, str, str]:
    """Date and time to the second, the fraction's digits, the offset."""
    match = _PATTERN.match(text)
    if match is None:
        raise ValueError(f"`{text[:64]}` is not an RFC 3339 time")
    return f"{match['date']}T{match['hour']:0>2}{match['rest']}", match["fraction"] or "", match["offset"]


def format_time(instant: datetime) -> str:
    """`instant` in UTC as Go prints it."""
    text = instant.astimezone(UTC).isoformat().removesuffix("+00:00")
    return text.rstrip("0") + "Z" if "." in text else text + "Z"
