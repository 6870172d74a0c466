"""How large an image may be: `--max-image-size`.

The stored sizes are summed before anything is read, the uncompressed ones while layers are read. Sizes are decimal,
as `docker` prints them: 10GB is 10,000,000,000 bytes.
"""

from __future__ import annotations

import re
from threading import Lock
from typing import Final

from assaymark.errors import LimitError, UsageError

_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([kmgtp]?)(?:i?b)?\Z", re.IGNORECASE)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def parse_size(text: str) -> int:
    """The number of bytes that `10GB`, `1.5 g` or `300` spells.

    Raises:
        UsageError: not a size.
    """
    match = _SIZE.match(text.strip())
    if match is None:
        raise UsageError(f"`{text}` is not a size", hint="write a number and a unit, such as 10GB or 500MB")
    return int(float(match[1]) * 1000 ** _POWERS[match[2].lower()])


def size_text(size: int, digits: int = 4) -> str:
    """A size for people, with that many significant digits."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.{digits}g}{_UNITS[unit]}"


class SizeBudget:
    """Adds up sizes, from several threads at once, until they are too large.

    Args:
        maximum: the most bytes allowed; 0 allows any number.
        what: what is counted, for the message: `compressed image`, `uncompressed layers`.
    """

    def __init__(self, maximum: int, *, what: str) -> None:
        self._maximum = maximum
        self._what = what
        self._lock = Lock()
        self._total = 0

    def add(self, size: int) -> None:
        """Count `size` more bytes.

        Raises:
            LimitError: the sum exceeds the maximum.
        """
        with self._lock:
            self._total += size
            if 0 < self._maximum < self._total:
                raise LimitError(
                    f"{self._what} size {size_text(self._total, 3)} exceeds maximum allowed size "
                    f"{size_text(self._maximum)}",
                    hint="raise `--max-image-size` if the image may be that large",
                )
