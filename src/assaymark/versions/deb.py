"""Debian version order (deb-version(7); Debian policy 5.6.12), as the reference reads it.

`[epoch:]upstream[-revision]`: the epoch ends at the first colon, the revision begins behind the last hyphen. The rules:

1. Epochs compare as numbers; none is 0.
2. Upstream and then revision compare part by part, a non-digit part and a digit part in turn.
3. Non-digit parts compare character by character: `~` before the end, the end before letters, letters before the rest.
4. Digit parts compare as numbers, a missing one is 0; numbers beyond 2^63-1 are all equal (dpkg goes on counting).

Upstream must begin with a digit and may hold letters, digits and `.-+~:_`; a revision letters, digits and `+.~_`. dpkg
knows no `_`; the reference lets it pass.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from assaymark.versions.scheme import Ordered, Scheme, VersionError
from assaymark.versions.text import GO_SPACES, INT64_MAX, checked, saturated_int64

_EPOCH = re.compile(r"[+-]?[0-9]+\Z")
_UPSTREAM = re.compile(r"[0-9][0-9A-Za-z.+~:_-]*\Z")
_REVISION = re.compile(r"[0-9A-Za-z+.~_]*\Z")
_PAIR = re.compile(r"([^0-9]*)([0-9]*)")

_END: Final = "\x02"
_ORDER: Final = {
    code: "\x01" if chr(code) == "~" else chr(code) if chr(code).isalpha() else chr(code + 256)
    for code in range(33, 127)
}
"""Characters so that text compares as rule 3 says; `_END` closes every part and lies between `~` and the letters."""


@lru_cache(maxsize=65_536)
def sort_key(version: str) -> Ordered:
    """The key of a Debian version.

    Raises:
        VersionError: it has no upstream version, a bad epoch, or characters that a version may not hold.
    """
    text = checked(version.strip(GO_SPACES))
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    if not _UPSTREAM.match(upstream) or not _REVISION.match(revision):
        raise VersionError(f"`{version}` is not a Debian version")
    return (_epoch(epoch, version), _parts(upstream), _parts(revision))


def _epoch(text: str, version: str) -> int:
    if not _EPOCH.match(text):
        raise VersionError(f"`{version}` has the epoch `{text}`, which is not a number")
    number = int(text)
    if not 0 <= number <= INT64_MAX:
        raise VersionError(f"`{version}` has the epoch `{text}`, which is out of range")
    return number


def _parts(text: str) -> tuple[str | int, ...]:
    """Non-digit and digit parts in turn; the closing `_END` stands for the missing parts of a shorter version."""
    flat: list[str | int] = []
    for separator, digits in _PAIR.findall(text):
        if separator or digits or not flat:
            flat.append(separator.translate(_ORDER) + _END)
            flat.append(saturated_int64(digits))
    flat.append(_END)
    return tuple(flat)


SCHEME: Final = Scheme(name="deb", ecosystems=("debian", "ubuntu", "echo", "amazon"), key=sort_key)
