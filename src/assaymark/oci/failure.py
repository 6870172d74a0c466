"""Turns a registry's refusal into one line.

Registries explain themselves in many shapes: the specification's `{"errors": [{code, message}]}`, JFrog's with a status
instead of a code, `{"message"}` and `{"error"}`, S3's XML, a proxy's HTML. At most `error_body_bytes` are read, and
what is shown has no control characters and no markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from assaymark.errors import ArtifactError, AuthenticationError, ConflictError, Error, NetworkError, NotFoundError
from assaymark.limits import Limits
from assaymark.net.network import Response
from assaymark.safeio.json import decode_go
from assaymark.safeio.text import decode_utf8, printable

_MOST_SHOWN: Final = 300
_MOST_ERRORS: Final = 3
_TITLE = re.compile(r"<(title|h1|Message)\b[^<>]{0,200}>([^<>]{1,300})</", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,500}>")
_BLANKS = re.compile(r"\s+")


def failure_for(
    response: Response,
    action: str,
    *,
    limits: Limits,
    notes: tuple[str, ...] = (),
    missing: str = "",
    clean: Callable[[str], str] = str,
) -> NetworkError:
    """The error for a response that is none of those wanted.

    Args:
        response: open; its body is read and it is closed.
        action: what was being done, such as "pull `registry/repository:tag`".
        limits: how much of the body is read.
        notes: what happened to the credentials.
        clean: takes our credentials out of what the registry says.
        missing: what does not exist when the status is 404.
    """
    with response:
        reason = clean(explanation(response, limits=limits))
    tries = f", {response.tries} tries" if response.tries > 1 else ""
    told = f": {reason}" if reason else ""
    message = f"cannot {action}: status {response.status} from `{response.url}`{tries}{told}"
    if response.status in (401, 403):
        return AuthenticationError(message, hint="; ".join(notes) or "log in with `assaymark login`, or check the name")
    if response.status == 404:
        return NotFoundError(f"{missing or message} does not exist" if missing else message)
    if response.status == 412:
        return ConflictError(message)
    if response.status == 429:
        return NetworkError(message, hint="the registry limits requests: log in, or wait")
    return NetworkError(message)


def explanation(response: Response, *, limits: Limits) -> str:
    """What the body says, in one line; empty where it says nothing."""
    data = _front(response, limits.error_body_bytes)
    try:
        document = decode_go(data, limits=limits, what="error")
    except ArtifactError:
        return _of_text(decode_utf8(data))
    return _shorten(_of_document(document))


def _front(response: Response, limit: int) -> bytes:
    """Up to `limit` bytes; what follows, or does not come, is not worth an error of its own."""
    parts: list[bytes] = []
    left = limit
    try:
        while left > 0 and (part := response.read(left)):
            parts.append(part)
            left -= len(part)
    except Error:
        pass
    return b"".join(parts)


def _of_document(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    errors = document.get("errors")
    if isinstance(errors, list):
        return "; ".join(filter(None, map(_of_entry, errors[:_MOST_ERRORS])))
    return _of_entry(document)


def _of_entry(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    code = entry.get("code")
    texts = (entry.get(name) for name in ("message", "error_description", "error", "details", "detail"))
    text = next((value for value in texts if isinstance(value, str) and value), "")
    if not isinstance(code, str):
        return text
    return f"{code}: {text}" if text else code


def _of_text(text: str) -> str:
    title = _TITLE.search(text)
    return _shorten(title[2] if title else _MARKUP.sub(" ", text))


def _shorten(text: str) -> str:
    line = printable(_BLANKS.sub(" ", text).strip())
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1] + "…"
