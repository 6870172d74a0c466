"""Reads `WWW-Authenticate` (RFC 9110, 11.6.1): several challenges in one field or several fields, quoted or not.

A challenge is a scheme and parameters; the next scheme begins where a word stands without `=`. Names are compared in
lower case, the first of equal parameters wins, and what is malformed ends the field instead of guessing on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

_MOST_BYTES: Final = 16 * 1024
_MOST_CHALLENGES: Final = 16
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PART = re.compile(rf'[\s,]*({_WORD})(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?')
_ESCAPE = re.compile(r"\\(.)")


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """One way to authenticate; `scheme` is in lower case."""

    scheme: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """One parameter, empty where it is absent."""
        return next((value for key, value in self.parameters if key == name), "")


def parse_challenges(fields: Iterable[str]) -> tuple[Challenge, ...]:
    """Every challenge in `fields`, in order."""
    found = [challenge for field in fields for challenge in _parse_field(field[:_MOST_BYTES])]
    return tuple(found[:_MOST_CHALLENGES])


def _parse_field(field: str) -> Iterator[Challenge]:
    scheme, parameters, position = "", list[tuple[str, str]](), 0
    while match := _PART.match(field, position):
        position = match.end()
        name, quoted, bare = match[1].lower(), match[2], match[3]
        if quoted is None and bare is None:
            if scheme:
                yield Challenge(scheme=scheme, parameters=tuple(parameters))
            scheme, parameters = name, []
        elif scheme:
            parameters.append((name, _ESCAPE.sub(r"\1", quoted) if quoted is not None else bare))
    if scheme:
        yield Challenge(scheme=scheme, parameters=tuple(parameters))
