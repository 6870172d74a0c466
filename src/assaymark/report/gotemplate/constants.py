"""Constants of a template in Go's spelling (the Go specification, "Lexical elements"): numbers, strings, characters."""

from __future__ import annotations

import re
from typing import Final

from assaymark.report.gotemplate.values import INT64_MAX, decoded

_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))")
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_FLOAT_SIGNS = re.compile(r"[.eEpP]")
_PREFIXED = re.compile(r"[+-]?0[xXoObB]")
_OLD_OCTAL = re.compile(r"[+-]?0[0-7_]+\Z")
_DOUBLE_UNDERSCORE = re.compile(r"__|_\Z|_[.eEpP]|[.]_")


def number_of(text: str) -> int | float:
    """An int, or a float where a point or an exponent is in it.

    Raises:
        ValueError: no number, a number that is too large, or a complex one.
    """
    if text.endswith("i"):
        raise ValueError("complex numbers are not supported")
    if _DOUBLE_UNDERSCORE.search(text):
        raise ValueError("illegal number syntax")
    hexadecimal = _PREFIXED.match(text) is not None
    if hexadecimal and ("p" in text.lower() or "." in text):
        return float.fromhex(text.replace("_", ""))
    if not hexadecimal and _FLOAT_SIGNS.search(text):
        return _float(text)
    number = int(text, 0) if hexadecimal else int(text, 8 if _OLD_OCTAL.match(text) else 10)
    if not -INT64_MAX - 1 <= number <= INT64_MAX:
        raise ValueError("it overflows an int")
    return number


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError as exc:
        raise ValueError("illegal number syntax") from exc


def text_of(literal: str) -> str | int:
    """The text of a string in quotation marks or backticks; of a character its number.

    Raises:
        ValueError: an escape that Go does not know.
    """
    quote, inner = literal[0], literal[1:-1]
    if quote == "`":
        return inner.replace("\r", "")
    parts, place = [], 0
    for match in _ESCAPE.finditer(inner):
        parts.append(inner[place : match.start()].encode("utf-8", "surrogateescape"))
        parts.append(_escaped(match, "'" if quote == '"' else '"'))
        place = match.end()
    parts.append(inner[place:].encode("utf-8", "surrogateescape"))
    text = decoded(b"".join(parts))
    if quote == '"':
        return text
    if len(text) != 1:
        raise ValueError("a character constant holds one character")
    return ord(text)


def _escaped(match: re.Match[str], foreign_quote: str) -> bytes:
    simple, byte, short, long, octal, _ = match.groups()
    if simple:
        if simple == foreign_quote:
            raise ValueError(f"unknown escape `\\{simple}`")
        return _SIMPLE.get(simple, simple).encode()
    if byte or octal:
        number = int(byte, 16) if byte else int(octal, 8)
        if number > 255:
            raise ValueError(f"`{match[0]}` is more than a byte")
        return bytes((number,))
    if short or long:
        number = int(short or long, 16)
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise ValueError(f"`{match[0]}` is no character")
        return chr(number).encode()
    raise ValueError(f"unknown escape `{match[0]}`")
