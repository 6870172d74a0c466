"""Text by its words: capitals, initials, lines of a width (Masterminds/goutils)."""

from __future__ import annotations

import re

_SPACES = re.compile(r"\s+")


def upper(text: str) -> str:
    """Capitals, letter by letter: one that has two as its capital stays."""
    return text.upper() if text.isascii() else "".join(map(_capital, text))


def lower(text: str) -> str:
    """Small letters, letter by letter."""
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


def title(text: str) -> str:
    """Every word begins with a capital; the rest stays (strings.Title)."""
    letters, inside = [], False
    for letter in text:
        letters.append(letter if inside else letter.title())
        inside = letter.isalnum() or letter == "_" or not (letter.isascii() or letter.isspace())
    return "".join(letters)


def untitle(text: str) -> str:
    """Every word begins with a small letter."""
    parts = re.split(r"(\s+)", text)
    return "".join(part[:1].lower() + part[1:] for part in parts)


def initials(text: str) -> str:
    """The first letter of every word."""
    return "".join(word[0] for word in text.split())


def without_spaces(text: str) -> str:
    """The text without white space."""
    return _SPACES.sub("", text)


def swap_case(text: str) -> str:
    """Small letters become capitals, and capitals small letters."""
    return "".join(lower(letter) if letter.isupper() or letter.istitle() else upper(letter) for letter in text)


def wrapped(text: str, width: int, line_end: str, *, long_words: bool) -> str:
    """Lines of at most `width` characters, cut at blanks; longer words are cut only with `long_words`."""
    width, line_end, place, parts = max(width, 1), line_end or "\n", 0, []
    while len(text) - place > width:
        if text[place] == " ":
            place += 1
            continue
        blank = text.rfind(" ", place, place + width + 1)
        if blank < 0 and long_words:
            parts.append(text[place : place + width])
            place += width
            continue
        if blank < 0:
            blank = text.find(" ", place + width)
        if blank < 0:
            parts.append(text[place:])
            return line_end.join(parts)
        parts.append(text[place:blank])
        place = blank + 1
    return line_end.join([*parts, text[place:]])


def _capital(letter: str) -> str:
    return letter.upper() if len(letter.upper()) == 1 else letter
