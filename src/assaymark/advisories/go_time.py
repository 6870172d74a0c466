"""Times as Go's `encoding/json` reads and prints them (RFC 3339, package `time`, layout `RFC3339Nano`).

1. Reading is strict: upper-case `T` and `Z`, two digits everywhere, a real calendar day, a fraction behind a dot only.
2. Printing keeps the offset (`Z` for zero) and up to nine fractional digits without trailing zeros.
3. The zero value is the first second of the year 1.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

ZERO: Final = "0001-01-01T00:00:00Z"

_PATTERN: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,64}))?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)\Z", re.ASCII
)


def parse_time(text: str) -> datetime:
    """The instant that `text` names, to the microsecond.

    Raises:
        ValueError: not RFC 3339 as Go reads it.
    """
    match = _PATTERN.match(text)
    if match is None:
        raise ValueError(f"`{text[:64]}` is not an RFC 3339 time")
    offset = "+00:00" if match[4] == "Z" else match[4]
    fraction = (match[3] or "")[:6].ljust(6, "0")
    return datetime.fromisoformat(f"{match[1]}.{fraction}{offset}")


def normal_time(text: str) -> str:
    """`text` as Go prints it again after reading it.

    Raises:
        ValueError: not RFC 3339 as Go reads it.
    """
    parse_time(text)
    match = _PATTERN.match(text)
    assert match is not None
    fraction = (match[3] or "")[:9].rstrip("0")
    offset = "Z" if match[4][1:] in {"", "00:00"} else match[4]
    return f"{match[1]}{'.' + fraction if fraction else ''}{offset}"


def format_time(instant: datetime) -> str:
    """`instant` in UTC as Go prints it."""
    text = instant.astimezone(UTC).isoformat().removesuffix("+00:00")
    return text.rstrip("0") + "Z" if "." in text else text + "Z"
