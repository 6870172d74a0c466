"""Licence declarations: one text into the several licences that it names.

Packages declare licences as people write them: `BSD 3-Clause and MIT`, `GPL-2.0 OR MIT`. The rules are the reference's;
`assaymark.model.licenses` knows what each name means.

- `split` cuts at commas and at the words `and` and `or`. A text that reads like a licence itself stays whole, behind
  `text://`.
- `split_lax` cuts at blanks, as apk's `L:` field wants it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from assaymark.model.licenses import LONGEST, TEXT_PREFIX, VERSION, normalise

_SEPARATOR: Final = re.compile(r",?[_ ]+(?:or|and)[_ ]+|,[ ]*")
_VERSION_ANYWHERE: Final = re.compile(VERSION, re.IGNORECASE)

_TEXT_MARKS: Final = (
    "http://",
    "https://",
    "(c)",
    "as-is",
    ";",
    "hereby",
    "permission to use",
    "permission is",
    "use in source",
    "use, copy, modify",
    "using",
)
_CLASSIFIERS: Final = {  # names of Python classifiers that hold a separator, by the word behind it
    "lesser": "GNU Library or Lesser General Public License (LGPL)",
    "distribution": "Common Development and Distribution License 1.0 (CDDL-1.0)",
    "disclaimer": "Historical Permission Notice and Disclaimer (HPND)",
}


def split(text: str) -> list[str]:
    """The licences that a declaration names, as it spells them."""
    if not text:
        return []
    lower = text.lower()
    if len(text) > LONGEST or any(mark in lower for mark in _TEXT_MARKS):
        return [TEXT_PREFIX + text]
    names: list[str] = []
    for piece in _SEPARATOR.split(text):
        word = piece.lower().partition(" ")[0]
        if not names:
            names.append(piece)
        elif word in {"ver", "version"}:  # `Apache License, Version 2.0`
            names[-1] += f", {piece}"
        elif word == "later":  # `GNU General Public License v2 or later (GPLv2+)`
            names[-1] += f" or {piece}"
        elif word in _CLASSIFIERS:
            if _CLASSIFIERS[word] in {f"{names[-1]} or {piece}", f"{names[-1]} and {piece}"}:
                names[-1] = _CLASSIFIERS[word]
        else:
            names.append(piece)
    return names


@lru_cache(maxsize=4_096)
def split_lax(text: str) -> tuple[str, ...]:
    """The normalised licences of an expression whose names hold no blanks, `A WITH B` kept together."""
    names: list[str] = []
    after_with = False
    shortened = _VERSION_ANYWHERE.sub(r"\1-\4", text) if len(text) <= LONGEST else text
    for word in shortened.split():
        name = word.strip("()")
        if name in {"", "AND", "OR"}:
            continue
        if name == "WITH":
            after_with = True
        elif after_with and names:
            names[-1] += f" WITH {normalise(name)}"
            after_with = False
        else:
            names.append(normalise(name))
    return tuple(names)
