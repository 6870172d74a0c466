r"""String literals of Go (https://go.dev/ref/spec#String_literals), as module files and build settings use them.

Between back-ticks everything stands for itself but carriage returns, which are left out. Between double quotes a
backslash begins `\n` and its kin, `\"`, `\\`, three octal or two hexadecimal digits for a byte, or four or eight
hexadecimal digits for a character.
"""

from __future__ import annotations

import re
from typing import Final

_SIMPLE: Final = {
    "a": b"\a",
    "b": b"\b",
    "f": b"\f",
    "n": b"\n",
    "r": b"\r",
    "t": b"\t",
    "v": b"\v",
    "\\": b"\\",
    '"': b'"',
}
_ESCAPE: Final = (
    r"\\(?:[abfnrtv\\\"]|(?P<octal>[0-3][0-7]{2})|x(?P<byte>[0-9A-Fa-f]{2})"
    r"|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8}))"
)
_PIECE: Final = re.compile(rf'(?P<plain>[^"\\\n]++)|{_ESCAPE}')
_INTERPRETED: Final = re.compile(rf'"(?:[^"\\\n]++|{re.sub("[?]P<[a-z]+>", "?:", _ESCAPE)})*+"')
_RAW: Final = re.compile(r"`[^`]*+`")
_LAST_CHARACTER: Final = 0x10FFFF


def quoted_end(text: str) -> int:
    """Where the literal at the beginning of `text` ends.

    Raises:
        ValueError: there is none.
    """
    match = (_RAW if text.startswith("`") else _INTERPRETED).match(text)
    if match is None:
        raise ValueError("a quoted string that is malformed")
    return match.end()


def unquote(literal: str) -> str:
    """What a literal stands for.

    Raises:
        ValueError: it is malformed.
    """
    if quoted_end(literal) != len(literal):
        raise ValueError("a quoted string with something behind it")
    if literal.startswith("`"):
        return literal[1:-1].replace("\r", "")
    return b"".join(map(_value, _PIECE.finditer(literal, 1, len(literal) - 1))).decode("utf-8", "replace")


def _value(piece: re.Match[str]) -> bytes:
    if piece["plain"] is not None:
        return piece["plain"].encode("utf-8", "surrogatepass")
    if piece["octal"]:
        return bytes((int(piece["octal"], 8),))
    if piece["byte"]:
        return bytes((int(piece["byte"], 16),))
    digits = piece["short"] or piece["long"]
    if not digits:
        return _SIMPLE[piece[0][1]]
    character = int(digits, 16)
    if character > _LAST_CHARACTER or 0xD800 <= character < 0xE000:
        raise ValueError("a quoted string with a character that does not exist")
    return chr(character).encode()
