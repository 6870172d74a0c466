"""JSON with comments and trailing commas, as editors and Bun write it, made plain JSON of the same length.

Comments (`// …`, `/* … */`) and the commas in front of a closing bracket become blanks; line ends stay, so that every
value keeps its place and its line. Nothing is decoded here, and time is linear in the size.
"""

from __future__ import annotations

import re
from typing import Final

_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"?'
_COMMENT: Final = re.compile(_STRING + rb"|(//[^\n]*+|/\*(?:.*?\*/|.*+))", re.DOTALL)
_COMMAS: Final = re.compile(_STRING + rb"|,[ \t\r\n,]*+(?:[\]}]())?", re.DOTALL)
# a run of commas is taken whole, and the empty group tells that a bracket follows: looking ahead from each is quadratic
_SEEN: Final = re.compile(rb"[^\n\t\r]")


def plain_json(data: bytes) -> bytes:
    """The document without what RFC 8259 does not know."""
    if b"/" in data:
        data = _COMMENT.sub(_blanked, data)
    return _COMMAS.sub(_without_commas, data)


def _blanked(match: re.Match[bytes]) -> bytes:
    return match[0] if match[1] is None else _SEEN.sub(b" ", match[0])


def _without_commas(match: re.Match[bytes]) -> bytes:
    return match[0] if match[1] is None else match[0].replace(b",", b" ")
