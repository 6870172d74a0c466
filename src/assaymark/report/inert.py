r"""Untrusted text for machines: what a report that other programs read says of a name, a title, a path or an address.

JSON and XML writers keep a document well-formed; they do not keep a viewer from obeying what stands in it. Rules:

1. One-line values have no control character and no command to a build log (`assaymark.report.plain`), because these
   documents end up in logs, dashboards and pull request comments. Longer texts keep their line ends and tabs.
2. An address is written only if it is `http`, `https` or `ftp`, and everything in it that RFC 3986 does not allow is
   percent-encoded: no `javascript:`, no quote that ends an attribute, no bracket that ends a Markdown link.
3. In Markdown, what came from outside is text: brackets make no link, `<` no element, `|` no column.

Ordinary names, titles and addresses pass unchanged, which keeps the documents equal to the reference's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from assaymark.report.plain import shown

_LINE_ENDS: Final = re.compile(r"(\r?\n|\t)")
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]|##|^[ \t]*::",
    re.MULTILINE,
)
_WEB: Final = re.compile(r"(?:https?|ftp)://.", re.IGNORECASE)
_PLAIN_WEB: Final = re.compile(r"(?:https?|ftp)://[A-Za-z0-9\-._~:/?#@!$&'*+,;=%]+\Z")
_URL_SAFE: Final = "-._~:/?#@!$&'*+,;=%"
_PATH_SAFE: Final = "$&+,/:;=@-_.~"
_RAW_PATH: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]]*\Z")
_LINK: Final = re.compile(r"\][(\[]")
_BRACKET: Final = re.compile(r"[\\\[\]]")
_MARKDOWN: Final = {"<": "&lt;", "|": "\\|", "[": "\\[", "]": "\\]", "`": "\\`", "\\": "\\\\"}
_SPECIAL: Final = re.compile(r"[<|\[\]`\\]")


@lru_cache(maxsize=4096)
def line(text: str) -> str:
    """One line, nothing in it that a terminal or a build log obeys."""
    return shown(text)


def paragraphs(text: str) -> str:
    """`text` with its line ends and tabs, and every other control character made visible."""
    if _UNSAFE.search(text) is None:
        return text
    return "".join(part if index % 2 else shown(part) for index, part in enumerate(_LINE_ENDS.split(text)))


@lru_cache(maxsize=4096)
def web_address(text: str) -> str:
    """The address if it leads to the web, percent-encoded where it has to be; else nothing."""
    if _PLAIN_WEB.match(text):
        return text
    return quote(text, safe=_URL_SAFE, errors="replace") if _WEB.match(text) else ""


def package_address(text: str) -> str:
    """The package URL; nothing for something else, which an SBOM may have brought in its place."""
    return line(text) if text.startswith("pkg:") else ""


@lru_cache(maxsize=4096)
def path_address(path: str) -> str:
    """`path` as a relative URI reference (RFC 3986, section 4.2), spelt as Go's `net/url` spells it.

    It stays a path whatever its characters: `?`, `#` and `%` are encoded, a colon in the first segment makes no
    scheme, and two slashes at the beginning make no host.
    """
    if path.startswith("//"):
        path = "/" + path.lstrip("/")
    encoded = path if _RAW_PATH.match(path) else quote(path, safe=_PATH_SAFE, errors="replace")
    first, slash, rest = encoded.partition("/")
    return first.replace(":", "%3A") + slash + rest


def unlinked(text: str) -> str:
    """`text` for a message in which `[text](address)` is a link: its brackets make none."""
    return text if _LINK.search(text) is None else _BRACKET.sub(r"\\\g<0>", text)


def markdown(text: str) -> str:
    """One line of `text` for a Markdown document, in a table cell or outside."""
    return _SPECIAL.sub(lambda match: _MARKDOWN[match[0]], line(text))
