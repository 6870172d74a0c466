"""rpm version order (`rpm-version(7)`), as the reference reads it (`go-rpm-version`).

`[epoch:]version[-release]`: the epoch ends at the first colon, the release begins behind the first hyphen. The rules:

1. Epochs compare as numbers; none is 0, and so is one that is not a number of 64 bits.
2. Version and then release compare token by token: runs of letters, runs of digits, `~` and `^`. Everything else only
   separates. A missing release is an empty one.
3. `~` is before the end, the end before `^`, `^` before letters, letters before digits.
4. Digits compare as numbers of any length, letters bytewise.

Every text is a version; characters beyond ASCII separate, as in rpm. `canonical` prints a version as the reference
does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from assaymark.versions.scheme import Ordered, Scheme
from assaymark.versions.text import GO_SPACES, INT64_MAX, checked_length

_EPOCH = re.compile(r"[+-]?[0-9]+\Z")
_TOKEN = re.compile(r"([A-Za-z]+)|([0-9]+)|~|\^")

_TILDE: Final = (0, 0, "")
_END: Final = (1, 0, "")
_CARET: Final = (2, 0, "")
_LETTERS: Final = 3
_DIGITS: Final = 4

Token = tuple[int, int, str]


@lru_cache(maxsize=65_536)
def sort_key(version: str) -> Ordered:
    """The key of an rpm version.

    Raises:
        VersionError: it is too long to be looked at.
    """
    epoch, upstream, release = _parsed(version)
    return (epoch, _tokens(upstream), _tokens(release))


def canonical(version: str) -> str:
    """The version as the reference prints what it has parsed: `0:8.2-1` is `8.2-1`.

    Raises:
        VersionError: it is too long to be looked at.
    """
    epoch, upstream, release = _parsed(version)
    text = f"{upstream}-{release}" if release else upstream
    return f"{epoch}:{text}" if epoch > 0 else text


def _parsed(version: str) -> tuple[int, str, str]:
    head, colon, rest = checked_length(version).partition(":")
    upstream, _, release = (rest if colon else version).partition("-")
    return _epoch(head) if colon else 0, upstream, release


def _epoch(text: str) -> int:
    text = text.lstrip(GO_SPACES)
    number = int(text) if _EPOCH.match(text) else 0
    return number if -INT64_MAX - 1 <= number <= INT64_MAX else 0


def _tokens(text: str) -> tuple[Token, ...]:
    return (*map(_token, _TOKEN.finditer(text)), _END)


def _token(match: re.Match[str]) -> Token:
    """Rules 3 and 4 as a key: the rank of the kind, and then for digits how many count."""
    if match[1]:
        return (_LETTERS, 0, match[1])
    if match[2]:
        digits = match[2].lstrip("0")
        return (_DIGITS, len(digits), digits)
    return _TILDE if match[0] == "~" else _CARET


SCHEME: Final = Scheme(
    name="rpm",
    ecosystems=(
        "redhat",
        "centos",
        "alma",
        "rocky",
        "oracle",
        "azurelinux",
        "cbl-mariner",
        "photon",
        "sles",
        "slem",
        "opensuse-leap",
        "opensuse-tumbleweed",
        "bottlerocket",
    ),
    key=sort_key,
)
