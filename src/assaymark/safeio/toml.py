r"""TOML lockfiles and settings (https://toml.io/en/v1.1.0), after a look at the document's structure.

The standard library's reader calls itself for every level, and its work and memory grow faster than the document where
keys have many parts. So the document is measured first, with everything in quotes and behind `#` taken away:

- bytes, lines, nesting, tables (lists and inline tables count alike), values;
- the parts of one dotted key, and the dots of all of them.

What follows a string without an end is not measured: the reader stops there, too. A byte order mark in front is passed
over, as in Go's reader; bytes that are not UTF-8 are an error in both.

The standard library's reader knows TOML 1.0. A document of a size that people write, and that it refuses, is read once
more with what 1.1 has added spelled in 1.0's way: inline tables on several lines, a comma behind their last member,
the escapes `\e` and `\x41`, and times without seconds.
"""

from __future__ import annotations

import codecs
import re
from array import array
from itertools import accumulate
from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits

_HIDDEN: Final = re.compile(
    rb'"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)'
    rb"|'''(?:[^']|'(?!''))*+(?:'{3,5}|\Z)"
    rb'|"(?:[^"\\\n]|\\[^\n])*+"?'
    rb"|'[^'\n]*+'?"
    rb"|\#[^\n]*+",
    re.DOTALL,
)
_BRACKETS: Final = b"[]{}"
_NOT_BRACKETS: Final = bytes(sorted(set(range(256)) - set(_BRACKETS)))
_STEP: Final = bytes(1 if byte in b"[{" else 255 if byte in b"]}" else 0 for byte in range(256))  # 255 is -1
_TOKEN: Final = re.compile(_HIDDEN.pattern + rb"|[\[\]{}]|\n(?:[ \t\r]*+(?:\#[^\n]*+)?\n)*+", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(?:(e)|x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_SHORT_TIME: Final = re.compile(rb"(?<![0-9:+-])[0-9]{2}:[0-9]{2}(?![0-9:])")
_KEY_ENDS: Final = bytes.maketrans(b",=[]{}", b"\n\n\n\n\n\n")


def decode_toml(data: bytes, *, limits: Limits, what: str = "") -> dict[str, Any]:
    """The table that a document is.

    Args:
        data: the whole document.
        limits: the bounds; those that begin with `toml`.
        what: how messages call the document.

    Raises:
        ArtifactError: it is no TOML.
        LimitError: it is too large, too deep, or has too many tables, values or parts of keys.
    """
    name = f"`{what}`" if what else "the document"
    if len(data) > limits.toml_bytes:
        raise LimitError(f"{name} has {len(data)} bytes, more than the {limits.toml_bytes} that are read")
    if data.count(b"\n") >= limits.toml_lines:
        raise LimitError(f"{name} has more than {limits.toml_lines} lines")
    _check_structure(_HIDDEN.sub(b"", data), limits, name)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return _decode(data)
    except ValueError as exc:
        spelled = _in_older_spelling(data) if len(data) <= limits.configuration_bytes else data
        if spelled == data:
            raise _refusal(name, exc) from exc
    try:
        return _decode(spelled)
    except ValueError as exc:
        raise _refusal(name, exc) from exc


def _decode(data: bytes) -> dict[str, Any]:
    """What the standard library reads; a number or a date that Python does not hold is a `ValueError`, too."""
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8"))
    except RecursionError as exc:  # the caller's own stack is deep already
        raise LimitError("the document is nested too deeply") from exc


def _refusal(name: str, exc: ValueError) -> ArtifactError:
    return ArtifactError(f"{name} is not TOML: {str(exc)[:300]}")


def _in_older_spelling(data: bytes) -> bytes:
    """`data` with what TOML 1.1 has added spelled in the way of TOML 1.0."""
    pieces: list[bytes] = []
    opened: list[bytes] = []
    place = 0
    for match in _TOKEN.finditer(data):
        token, inline = match.group(), opened[-1:] == [b"{"]
        pieces.append(_with_seconds(data[place : match.start()]))
        place = match.end()
        if token in (b"[", b"{"):
            opened.append(token)
        elif token in (b"]", b"}"):
            if inline:
                _drop_comma(pieces)
            del opened[-1:]
        elif inline and token[:1] in (b"\n", b"#"):
            token = b" "
        elif token.startswith(b'"'):
            token = _ESCAPE.sub(_older_escape, token)
        pieces.append(token)
    return b"".join((*pieces, _with_seconds(data[place:])))


def _with_seconds(text: bytes) -> bytes:
    return _SHORT_TIME.sub(rb"\g<0>:00", text) if b":" in text else text


def _drop_comma(pieces: list[bytes]) -> None:
    """Take the comma away that stands in front of the brace that ends an inline table."""
    while pieces and not pieces[-1].strip():
        pieces.pop()
    if pieces and pieces[-1].rstrip().endswith(b","):
        pieces[-1] = pieces[-1].rstrip()[:-1]


def _older_escape(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return b"\\u001b"
    return b"\\u00" + match[2] if match[2] else match[0]


def _check_structure(bare: bytes, limits: Limits, name: str) -> None:
    if bare.count(b"[") + bare.count(b"{") > limits.toml_tables:
        raise LimitError(f"{name} has more than {limits.toml_tables} tables and lists")
    if bare.count(b",") + bare.count(b"=") > limits.toml_values:
        raise LimitError(f"{name} has more than {limits.toml_values} values")
    steps = array("b", bare.translate(_STEP, _NOT_BRACKETS))
    if max(accumulate(steps), default=0) > limits.toml_depth:
        raise LimitError(f"{name} is nested deeper than {limits.toml_depth} levels")
    dots = bare.count(b".")
    if dots > limits.toml_dots:
        raise LimitError(f"{name} has more than {limits.toml_dots} dots in its keys")
    if dots < limits.toml_key_parts:
        return
    if max(key.count(b".") for key in bare.translate(_KEY_ENDS).split(b"\n")) >= limits.toml_key_parts:
        raise LimitError(f"{name} has a key of more than {limits.toml_key_parts} parts")
