r"""HTML that cannot be broken out of: every text is escaped unless it was made here.

Rules ("HTML Living Standard", sections 13.1.2 and 13.2.5.4):

1. `Markup` is finished HTML; every other string is text and gets escaped, in content and in quoted attributes alike.
2. Untrusted text loses its control characters first (`assaymark.report.inert`), so a right-to-left override in a name
   reorders nothing.
3. JSON inside a `script` element has no `<`, `>` or `&`, so neither `</script>` nor `<!--` ends or nests the element,
   and no U+2028 or U+2029.
4. A link leads to the web or into this page, never to `javascript:` or `data:`.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, Final

import msgspec

from assaymark.report.inert import line, web_address

_JSON_ESCAPES: Final = (
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"&", rb"\u0026"),
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
)
_VOID: Final = frozenset({"br", "circle", "path", "rect"})


class Markup(str):
    """Finished HTML."""

    __slots__ = ()


NOTHING: Final = Markup()


def element(name: str, *children: str, **attributes: str | int | float) -> Markup:
    """An element; `class_` gives `class`, `aria_label` gives `aria-label`. Children that are no markup are text."""
    written = "".join(f' {_attribute(key)}="{escape(line(str(value)))}"' for key, value in attributes.items())
    if name in _VOID and not children:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Parts in a row; those that are no markup are text."""
    return Markup(_written(between).join(map(_written, parts)))


def link(address: str, text: str = "") -> Markup:
    """A link to the web where `address` leads there, else the text alone."""
    target = web_address(address)
    shown = text or address
    return element("a", shown, href=target, rel="noopener noreferrer") if target else joined([shown])


def embedded_json(value: Any) -> bytes:
    """`value` for a `script` element of type `application/json`."""
    data = msgspec.json.encode(value)
    for raw, escaped in _JSON_ESCAPES:
        data = data.replace(raw, escaped)
    return data


def _attribute(key: str) -> str:
    # SVG has attributes in mixed case (`viewBox`), none with an underscore
    return key.rstrip("_").replace("_", "-")


def _written(part: str) -> str:
    return part if isinstance(part, Markup) else escape(line(part))
