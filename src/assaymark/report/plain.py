"""Untrusted text for people: what a terminal or a build log shows of a name, a title or a message.

A package may be called anything. Rules:

1. Control characters (C0, C1, bidirectional, line ends) become visible escapes (`assaymark.safeio.text`), so nothing
   scanned moves the cursor, changes a title bar, or begins a line of its own.
2. What a build log takes for a command is broken up in the same style: GitHub Actions obeys a line that begins with
   `::` after blanks, and its older form `##[` anywhere in a line ("Workflow commands for GitHub Actions"; the runner's
   `ActionCommand`); Azure Pipelines and TeamCity have `##vso[` and `##teamcity[`.

Columns are counted as terminals do: East Asian wide characters take two, combining marks none (Unicode UAX #11).
"""

from __future__ import annotations

import re
import unicodedata

from assaymark.safeio.text import printable

_ANYWHERE = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))")
_LINE_START = re.compile(r"\A(\s*):(?=:)")


def shown(text: str) -> str:
    """One line for people: no control character, and no command to a build log."""
    return _LINE_START.sub(r"\1\\x3a", _ANYWHERE.sub(r"\\x23", printable(text)))


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_column, text))


def shorten(text: str, width: int) -> str:
    """The beginning of `text` that fits into `width` columns, with an ellipsis where something is missing."""
    if columns(text) <= width:
        return text
    used, kept = 0, []
    for character in text:
        used += _column(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def pad(text: str, width: int) -> str:
    """`text` and blanks up to `width` columns."""
    return text + " " * (width - columns(text))


def _column(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
