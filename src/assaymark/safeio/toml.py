r"""TOML lockfiles and settings (https://toml.io/en/v1.0.0), after a look at the document's structure.

The standard library's reader calls itself for every level, and its work and memory grow faster than the document where
keys have many parts. So the document is measured first, with everything in quotes and behind `#` taken away:

- bytes, nesting, tables (lists and inline tables count alike), values;
- the parts of one dotted key, and the dots of all of them.

What follows a string without an end is not measured: the reader stops there, too. A byte order mark in front is passed
over, as in Go's reader; bytes that are not UTF-8 are an error in both.
"""

from __future__ import annotations

import codecs
import re
import tomllib
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
    _check_structure(_HIDDEN.sub(b"", data), limits, name)
    try:
        return tomllib.loads(data.removeprefix(codecs.BOM_UTF8).decode("utf-8"))
    except RecursionError as exc:  # the caller's own stack is deep already
        raise LimitError(f"{name} is nested too deeply") from exc
    except ValueError as exc:  # also of numbers and dates that Python does not hold
        raise ArtifactError(f"{name} is not TOML: {str(exc)[:300]}") from exc


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
