"""Alpine package version order (apk-tools 2, `version.c`), as the reference reads it.

A version is a row of tokens: a number, further numbers behind `.`, one lower-case letter, suffixes (`_alpha _beta
_pre _rc` before the version itself, `_cvs _svn _git _hg _p` after it) with optional numbers, and a revision (`-r1`).
The rules:

1. Tokens compare pairwise; the first difference in value decides.
2. A number behind `.` that begins with `0` counts its leading zeros as a negative value: `1.05` is before `1.5`.
3. Where one version goes on and the other does not, the longer one is greater, unless it goes on with a pre-suffix.
4. Where both go on with different kinds, the kind that stands earlier in a version is greater.

Two oddities are kept: the character behind `-` may be any, and an empty version is valid. `~hash` suffixes of apk-tools
3 are not valid here. Numbers are 64-bit and wrap.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

from assaymark.versions.scheme import Ordered, Scheme, VersionError
from assaymark.versions.text import checked, wrapped_int64


class Kind(IntEnum):
    """The kinds of tokens, in the order in which they may follow each other."""

    DIGIT_OR_ZERO = 0
    DIGIT = 1
    LETTER = 2
    SUFFIX = 3
    SUFFIX_NUMBER = 4
    REVISION = 5
    END = 6


_ZEROS = re.compile(r"0+")
_DIGITS = re.compile(r"[0-9]*")
_PRE: Final = ("alpha", "beta", "pre", "rc")
_POST: Final = ("cvs", "svn", "git", "hg", "p")
_SUFFIXES: Final = {
    **{word: place - len(_PRE) for place, word in enumerate(_PRE)},
    **dict(zip(_POST, range(5), strict=True)),
}
_SUFFIX = re.compile("|".join((*_PRE, *_POST)))
_MARKS: Final = {".": Kind.DIGIT_OR_ZERO, "_": Kind.SUFFIX, "-": Kind.REVISION}
_STEPS_BACK: Final = frozenset(
    {(Kind.DIGIT, Kind.DIGIT_OR_ZERO), (Kind.SUFFIX_NUMBER, Kind.SUFFIX), (Kind.LETTER, Kind.DIGIT)}
)


@lru_cache(maxsize=65_536)
def sort_key(version: str) -> Ordered:
    """The key of an Alpine package version: values, and between them the rank of the kind that follows.

    Raises:
        VersionError: apk-tools would refuse it.
    """
    text = checked(version)
    flat: list[int] = []
    kind, place = Kind.DIGIT, 0
    while kind is not Kind.END:
        value, kind, place = _token(text, kind, place)
        flat.append(value)
        flat.append(_rank(text, kind, place))
    return tuple(flat)


def _token(text: str, kind: Kind, place: int) -> tuple[int, Kind, int]:
    """The value of the token of `kind` at `place`, the kind that follows it, and where that one begins."""
    if kind is Kind.DIGIT_OR_ZERO and (zeros := _ZEROS.match(text, place)):
        # what follows leading zeros is one more token, even when no digit is left for it
        return -len(zeros[0]), Kind.DIGIT if zeros.end() < len(text) else Kind.END, zeros.end()
    if kind is Kind.LETTER:
        value, place = ord(text[place]), place + 1
    elif kind is Kind.SUFFIX:
        suffix = _SUFFIX.match(text, place)
        if suffix is None:
            raise VersionError(f"`{text}` has a suffix that Alpine does not know")
        value, place = _SUFFIXES[suffix[0]], suffix.end()
    else:
        digits = _DIGITS.match(text, place)
        value, place = (wrapped_int64(digits[0]), digits.end()) if digits else (0, place)
    return value, *_next_kind(text, kind, place)


def _next_kind(text: str, kind: Kind, place: int) -> tuple[Kind, int]:
    if place == len(text):
        return Kind.END, place
    mark = text[place]
    if kind in (Kind.DIGIT_OR_ZERO, Kind.DIGIT) and mark.islower():
        following = Kind.LETTER
    elif kind is Kind.LETTER and mark.isdecimal():
        following = Kind.DIGIT
    elif kind is Kind.SUFFIX and mark.isdecimal():
        following = Kind.SUFFIX_NUMBER
    elif mark in _MARKS:
        following = _MARKS[mark]
        place += 2 if following is Kind.REVISION else 1
    else:
        raise VersionError(f"`{text}` is not an Alpine package version: `{mark}` cannot stand there")
    if place > len(text) or (following < kind and (kind, following) not in _STEPS_BACK):
        raise VersionError(f"`{text}` is not an Alpine package version")
    return following, place


def _rank(text: str, kind: Kind, place: int) -> int:
    """Rules 3 and 4: kinds count downwards, and a pre-suffix is below the end."""
    if kind is Kind.SUFFIX and text.startswith(_PRE, place):
        return -Kind.END - 1
    return -kind


SCHEME: Final = Scheme(name="apk", ecosystems=("alpine", "wolfi", "chainguard", "minimos"), key=sort_key)
