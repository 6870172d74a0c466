"""Encodings, digests, paths and URLs (sprig, "Encoding", "File path" and "URL" functions)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
import zlib
from typing import Any, Final
from urllib.parse import quote, urlsplit

from assaymark.report.gotemplate.values import Function, decoded, encoded

_LINE_ENDS = re.compile(r"[\r\n]")


def _base64(text: str) -> str:
    return base64.b64encode(encoded(text)).decode("ascii")


def _from_base64(text: str) -> str:
    """What it spells, or what is wrong with it, as sprig answers."""
    try:
        return decoded(base64.b64decode(_LINE_ENDS.sub("", text).encode(), validate=True))
    except (binascii.Error, ValueError):
        return f"illegal base64 data at input byte {_first_bad(text, 'A-Za-z0-9+/')}"


def _from_base32(text: str) -> str:
    try:
        return decoded(base64.b32decode(_LINE_ENDS.sub("", text).encode()))
    except (binascii.Error, ValueError):
        return f"illegal base32 data at input byte {_first_bad(text, 'A-Z2-7')}"


def _first_bad(text: str, letters: str) -> int:
    """Where the first character is that cannot be; near the end where only the length is wrong."""
    match = re.search(rf"[^{letters}\r\n]", text)
    return match.start() if match else len(text) // 4 * 4


def _clean(path: str) -> str:
    """path.Clean: the shortest spelling."""
    clean = posixpath.normpath(path) if path else "."
    return clean[1:] if clean.startswith("//") else clean


def _base(path: str) -> str:
    if not path:
        return "."
    return posixpath.basename(path.rstrip("/")) or "/"


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rindex(".") :] if "." in name else ""


def _url_parts(text: str) -> dict[str, Any]:
    """`urlParse`.

    Raises:
        ValueError: it is no URL.
    """
    parts = urlsplit(text)
    opaque = parts.scheme and not parts.netloc and parts.path and not parts.path.startswith("/")
    return {
        "scheme": parts.scheme,
        "host": parts.netloc.rpartition("@")[2],
        "hostname": parts.hostname or "",
        "path": "" if opaque else parts.path,
        "query": parts.query,
        "opaque": parts.path if opaque else "",
        "fragment": parts.fragment,
        "userinfo": parts.netloc.rpartition("@")[0],
    }


def _url_of(parts: dict[str, Any]) -> str:
    """`urlJoin`."""
    for key, value in parts.items():
        if not isinstance(value, str):
            raise TypeError(f"unable to parse {key} key, must be of type string")
    text = f"{parts['scheme']}:" if parts.get("scheme") else ""
    if parts.get("opaque"):
        text += parts["opaque"]
    else:
        user, host, path = (
            parts.get("userinfo", ""),
            parts.get("host", ""),
            quote(parts.get("path", ""), safe="/:@!$&'()*+,;="),
        )
        text += f"//{user}@{host}" if user else f"//{host}" if host or parts.get("scheme") else ""
        text += f"/{path}" if host and path and not path.startswith("/") else path
    text += f"?{parts['query']}" if parts.get("query") else ""
    return text + (f"#{quote(parts['fragment'], safe='/:@!$&()*+,;=?')}" if parts.get("fragment") else "")


_PATHS: Final[dict[str, Function]] = {
    "base": Function("s", _base),
    "clean": Function("s", _clean),
    "dir": Function("s", lambda path: _clean(path[: path.rfind("/") + 1])),
    "ext": Function("s", _extension),
    "isAbs": Function("s", lambda path: path.startswith("/")),
}

CODECS: Final[dict[str, Function]] = {
    **_PATHS,
    **{f"os{name[0].upper()}{name[1:]}": function for name, function in _PATHS.items()},
    "adler32sum": Function("s", lambda text: str(zlib.adler32(encoded(text)))),
    "b32dec": Function("s", _from_base32),
    "b32enc": Function("s", lambda text: base64.b32encode(encoded(text)).decode("ascii")),
    "b64dec": Function("s", _from_base64),
    "b64enc": Function("s", _base64),
    "sha1sum": Function("s", lambda text: hashlib.sha1(encoded(text), usedforsecurity=False).hexdigest()),
    "sha256sum": Function("s", lambda text: hashlib.sha256(encoded(text)).hexdigest()),
    "sha512sum": Function("s", lambda text: hashlib.sha512(encoded(text)).hexdigest()),
    "urlJoin": Function("d", _url_of),
    "urlParse": Function("s", _url_parts),
}
