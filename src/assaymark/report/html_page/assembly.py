"""One file out of the page's parts: template, style sheet, scripts, data.

The page may load nothing and run nothing but its own two scripts, which the browser checks by their digests ("Content
Security Policy Level 3"): no inline handler, no `style` attribute, no `eval`, and no string that becomes markup
("Trusted Types"). Even markup that got past the escaping would be dead.

Places in the template are `{{name}}`. They are filled in one pass, so a name that looks like a place stays text.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

_SCRIPTS: Final = ("dom.js", "data.js", "view.js", "list.js", "detail.js", "tree.js", "main.js")
_PLACE: Final = re.compile(rb"\{\{([a-z_]+)\}\}")


def page(parts: Mapping[str, bytes]) -> bytes:
    """The template with its own texts and `parts`."""
    own = _own_parts()
    return _PLACE.sub(lambda place: own.get(name := place[1].decode()) or parts[name], _text("page.html"))


@cache
def _own_parts() -> dict[str, bytes]:
    style, early = _text("style.css"), _text("early.js")
    script = b'"use strict";\n(() => {\n' + b"\n".join(map(_text, _SCRIPTS)) + b"})();\n"
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {_digest(style)}; script-src {_digest(early)} {_digest(script)}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {"style": style, "early": early, "script": script, "policy": policy.encode()}


def _digest(text: bytes) -> str:
    return f"'sha256-{b64encode(sha256(text).digest()).decode()}'"


def _text(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()
