"""Untrusted text for Markdown as GitHub and GitLab show it ("GitHub Flavored Markdown Spec", 0.29).

What they make of text is more than the specification says: `@name` calls a person, `#1`, `!1`, `$1` and `~name` link to
other pages and leave a mark there, and an address becomes a link by itself. Rules:

1. In prose, every character with a meaning is an entity (2.5 and 6.2 of the specification say that an entity is text
   and nothing else, also in a cell of a table, where a backslash in front of `|` would count differently).
2. The sites look for names and numbers after the entities are gone, so an invisible word joiner stands behind their
   signs; nothing else keeps people from being called.
3. Names and versions are code, where the sites look for none of that; as an element, because a code span would need
   backslashes in tables.
"""

from __future__ import annotations

import re
from typing import Final

from assaymark.report.inert import line, web_address

_SPECIAL: Final = re.compile(
    r"[\\`*~\[\]<>&|$\"']|(?<![a-z0-9])_|_(?![a-z0-9])|(?<=:)/(?=/)|(?<=\bwww)\.", re.IGNORECASE
)  # `_` inside a word is a letter (6.4, rules 2 and 4)
_CALL: Final = re.compile(r"([@#!~$%])(?=\w)")
_WORD_JOINER: Final = "\u2060"


def prose(text: str) -> str:
    """One line that says `text` and does nothing."""
    return _entities(_CALL.sub(rf"\1{_WORD_JOINER}", line(text)))


def code(text: str) -> str:
    """A name as code; nothing for an empty one."""
    return f"<code>{_entities(line(text))}</code>" if text else ""


def link(text: str, address: str) -> str:
    """`text`, leading to a web address where there is one."""
    safe = web_address(address).replace("&", "&amp;")
    return f"[{prose(text)}]({safe})" if safe else prose(text)


def _entities(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", text)
