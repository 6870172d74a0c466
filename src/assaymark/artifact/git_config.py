"""Reads what the report needs of a git configuration file (git-config, "Syntax"): values by section and subsection.

Includes are not followed, since they lead out of the tree that is scanned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*(=)?[ \t]*")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}


def read_config(text: str) -> dict[tuple[str, str, str], list[str]]:
    """All values by (section, subsection, key), section and key in lower case; malformed lines are passed over."""
    values: dict[tuple[str, str, str], list[str]] = {}
    section, subsection = "", ""
    for line in _logical_lines(text):
        rest = line.lstrip()
        if header := _SECTION.match(rest):
            section, subsection = header[1].lower(), re.sub(r"\\(.)", r"\1", header[2] or "")
            rest = rest[header.end() :].lstrip()
        if section and (key := _KEY.match(rest)):
            value = _value(rest[key.end() :]) if key[2] else "true"
            values.setdefault((section, subsection, key[1].lower()), []).append(value)
    return values


def _logical_lines(text: str) -> Iterator[str]:
    """Lines, with those that end in a backslash joined to the next."""
    pending = ""
    for line in text.split("\n"):
        joined = pending + line.removesuffix("\r")
        backslashes = len(joined) - len(joined.rstrip("\\"))
        if backslashes % 2:
            pending = joined[:-1]
            continue
        pending = ""
        yield joined
    if pending:
        yield pending


def _value(text: str) -> str:
    """A value without its quotes and its comment; blanks at its end count only inside quotes."""
    result: list[str] = []
    kept = 0
    quoted = False
    characters = iter(text)
    for character in characters:
        if character == '"':
            quoted = not quoted
            kept = len(result)
        elif character == "\\":
            escaped = next(characters, "")
            result.append(_ESCAPES.get(escaped, escaped))
            kept = len(result)
        elif character in "#;" and not quoted:
            break
        else:
            result.append(character)
            kept = len(result) if quoted or not character.isspace() else kept
    return "".join(result[:kept])
