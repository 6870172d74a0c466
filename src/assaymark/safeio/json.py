"""JSON that others wrote, by two sets of rules.

`decode_go` is for databases, lockfiles and configurations, which the peers read with Go's `encoding/json`: the last of
duplicate keys wins, bytes that are not UTF-8 and lone surrogates become U+FFFD, a byte order mark and trailing data are
errors. `decode_strict` is for what is signed or addressed by digest (statements, bundles, manifests), where two
readings of one document are an attack: duplicate keys at any depth, invalid UTF-8, lone surrogates and numbers beyond
a double are refused.

Both accept everything that RFC 8259 allows within the bounds, and are bounded before anything is built:

- bytes (`Limits.json_bytes`), nesting (`json_depth`), containers and values (`json_containers`, `json_values`): an
  empty list is two bytes on the wire and sixty-four in memory;
- what needs repair (invalid UTF-8, half a pair) only up to `json_repaired_bytes`: nobody's lockfile does;
- nesting is counted without recursion and without a parser: what is outside strings is found by C-speed replacing,
  so that neither a decoder's recursion nor the caller's own ever meets a deep document (CVE-2024-27454).

`fold` gives an object's members the names that Go would match, whatever their letter case.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, TypeVar

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.safeio.text import decode_utf8

Decoded = TypeVar("Decoded")

_STRUCTURE: Final = b'[]{}"'
_NOT_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in _STRUCTURE)
_STRING: Final = re.compile(rb'"[^"]*+"?')
_STEP: Final = bytes({0x5B: 1, 0x7B: 1, 0x5D: 255, 0x7D: 255}.get(byte, 0) for byte in range(256))  # as signed: +1, -1

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_LOW_HALF: Final = re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE_BYTES: Final = 6


def decode_go(data: bytes, *, limits: Limits, what: str = "") -> Any:
    """The value of a document by Go's rules; integers stay `int`, everything else numeric is `float`.

    Args:
        data: the whole document.
        limits: the bounds.
        what: how messages call the document.

    Raises:
        ArtifactError: it is no JSON.
        LimitError: it is too large or too deep.
    """
    _check_bounds(data, limits=limits, what=what)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        if len(data) > limits.json_repaired_bytes:
            raise ArtifactError(f"{_name(what)} is not JSON: {exc}") from exc
        return _decode_repaired(data, what=what)
    except RecursionError as exc:  # the caller's own stack is deep already
        raise LimitError(f"{_name(what)} is nested too deeply") from exc


def decode_go_as(data: bytes, decoder: msgspec.json.Decoder[Decoded], *, limits: Limits, what: str = "") -> Decoded:
    """The value of a document by Go's rules, as the type that `decoder` was made for; the rest is skipped unread.

    Members match by their exact names: where the letter case may differ, the caller folds what `decode_go` gives.

    Raises:
        ArtifactError: it is no JSON, or a member has another type.
        LimitError: it is too large or too deep.
    """
    _check_bounds(data, limits=limits, what=what)
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as exc:
        raise ArtifactError(f"{_name(what)} has another shape: {exc}") from exc
    except RecursionError as exc:
        raise LimitError(f"{_name(what)} is nested too deeply") from exc
    except (msgspec.DecodeError, UnicodeDecodeError):  # repaired, where it can be
        value = decode_go(data, limits=limits, what=what)
    try:
        return msgspec.convert(value, decoder.type)
    except msgspec.ValidationError as exc:
        raise ArtifactError(f"{_name(what)} has another shape: {exc}") from exc


def decode_strict(data: bytes, *, limits: Limits, what: str = "") -> Any:
    """The value of a document that can be read in one way only.

    Raises:
        ArtifactError: it is no JSON, or is ambiguous: duplicate keys, a byte order mark, trailing data, `NaN`, invalid
            UTF-8, half a surrogate pair, a number that no double holds.
        LimitError: it is too large or too deep.
    """
    _check_bounds(data, limits=limits, what=what)
    try:
        text = data.decode("utf-8")
        _refuse_half_surrogates(data)
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as exc:
        raise LimitError(f"{_name(what)} is nested too deeply") from exc
    except ValueError as exc:
        raise ArtifactError(f"{_name(what)} is not acceptable JSON: {exc}") from exc


def fold(document: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The members of `document` that Go's decoder would store in fields called `names`, under those names.

    A key matches its field exactly or in any letter case; of several the last in the document wins. (Of keys that
    are equal to the letter a dict remembers the first's place; nobody writes `a`, `A`, `a`.)
    """
    wanted = _folded_names(tuple(names))
    folded: dict[str, Any] = {}
    for key, value in document.items():
        name = wanted.get(key) or wanted.get(_fold_key(key))
        if name is not None:
            folded[name] = value
    return folded


@lru_cache(maxsize=256)
def _folded_names(names: tuple[str, ...]) -> dict[str, str]:
    return {_fold_key(name): name for name in names} | {name: name for name in names}


def _fold_key(key: str) -> str:
    """Letters that Go folds onto ASCII: the Kelvin sign (by `lower`) and the long s."""
    return key.replace("\u017f", "s").lower()


def _check_bounds(data: bytes, *, limits: Limits, what: str) -> None:
    if len(data) > limits.json_bytes:
        raise LimitError(f"{_name(what)} has {len(data)} bytes, more than the {limits.json_bytes} that are read")
    if data.count(b",") > limits.json_values:
        raise LimitError(f"{_name(what)} has more than {limits.json_values} values")
    if data.count(b"[") + data.count(b"{") <= limits.json_depth:
        return
    structure = _outside_strings(data)
    if structure.count(b"[") + structure.count(b"{") > limits.json_containers:
        raise LimitError(f"{_name(what)} has more than {limits.json_containers} lists and objects")
    if max(accumulate(array("b", structure.translate(_STEP))), default=0) > limits.json_depth:
        raise LimitError(f"{_name(what)} is nested deeper than {limits.json_depth} levels")


def _outside_strings(data: bytes) -> bytes:
    """The brackets and braces that stand outside strings.

    Escaped backslashes go first and escaped quotes next, so that every quote left is a delimiter; removing two
    neighbouring quotes does not change which side of a string the others are on.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    data = data.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    return _STRING.sub(b"", data) if b'"' in data else data


def _decode_repaired(data: bytes, *, what: str) -> Any:
    """The slow path of `decode_go`: invalid UTF-8 and lone surrogates are replaced, and the rest is an error."""
    data = decode_utf8(data).encode()
    pieces: list[bytes] = []
    done = 0
    for start in _lone_surrogates(data):
        pieces += (data[done:start], b"\\ufffd")
        done = start + _SURROGATE_BYTES
    try:
        return msgspec.json.decode(b"".join((*pieces, data[done:])) if pieces else data)
    except msgspec.DecodeError as exc:
        raise ArtifactError(f"{_name(what)} is not JSON: {exc}") from exc


def _lone_surrogates(data: bytes) -> Iterator[int]:
    """Where escapes of half a surrogate pair stand; linear, since every byte is looked at once."""
    before = 0
    for match in _SURROGATE.finditer(data):
        start = match.start()
        if start < before:  # the second half of a pair
            continue
        between = data[before:start]
        before = match.end()
        if (len(between) - len(between.rstrip(b"\\"))) % 2:  # an escaped backslash and the letter u
            continue
        if data[start + 3] in b"89abAB" and _LOW_HALF.match(data, before):
            before += _SURROGATE_BYTES
        else:
            yield start


def _name(what: str) -> str:
    if not what:
        return "the document"
    return what if what.startswith("`") else f"`{what}`"  # some callers quote the names that users typed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # `add` returns None
        raise ValueError(f"key `{twice[:100]}` appears twice in one object")
    return members


def _refuse_half_surrogates(data: bytes) -> None:
    if any(True for _ in _lone_surrogates(data)):
        raise ValueError("half a surrogate pair")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"`{name}` is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"number `{text[:40]}` is too large")
    return number
