"""Headers of rpm packages, written as rpm writes them: a signed region, and what installing adds behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import pack
from typing import Any

INT32 = 4
STRING = 6
BINARY = 7
STRINGS = 8
LOCALISED = 9
_REGION = 63
_INSTALLED = {1008: (INT32, 1_700_000_000), 1127: (INT32, 0), 1128: (INT32, 1_700_000_000)}
"""What rpm adds when it installs a package; the reference wants more than one of these where there is any."""

Value = tuple[int, Any]
"""The type of a tag, and a number list, a text, bytes or a list of texts."""

NAMES = {
    "sigmd5": (261, BINARY),
    "name": (1000, STRING),
    "version": (1001, STRING),
    "release": (1002, STRING),
    "epoch": (1003, INT32),
    "summary": (1004, LOCALISED),
    "vendor": (1011, STRING),
    "license": (1014, STRING),
    "arch": (1022, STRING),
    "sourcerpm": (1044, STRING),
    "provides": (1047, STRINGS),
    "requires": (1049, STRINGS),
    "dirindexes": (1116, INT32),
    "basenames": (1117, STRINGS),
    "dirnames": (1118, STRINGS),
    "label": (5096, STRING),
}


def package(name: str = "bash", **values: Any) -> bytes:
    """The header of a package; keys are those of `NAMES`, values Python's (a number stands for a list of one)."""
    stated = {"name": name, "version": "1.0", "release": "1.el9", "arch": "x86_64", **values}
    tags = {NAMES[key][0]: (NAMES[key][1], value) for key, value in stated.items() if value is not None}
    digest = tags.pop(261, None)
    return header(tags, dribbles={**_INSTALLED, 261: digest} if digest else None)


def header(tags: Mapping[int, Value], *, dribbles: Mapping[int, Value] | None = None, region: bool = True) -> bytes:
    """A header with `tags` in its region and `dribbles` behind it; `region=False` writes one of rpm 3."""
    index, data = _index(tags, 0)
    if region:
        trailer = pack(">IIiI", _REGION, BINARY, -16 * (len(index) + 1), 16)
        index = [pack(">IIiI", _REGION, BINARY, len(data), 16), *index]
        data += trailer
    more, behind = _index(dribbles or {}, len(data))
    data += behind
    index += more
    return pack(">II", len(index), len(data)) + b"".join(index) + data


def _index(tags: Mapping[int, Value], begin: int) -> tuple[list[bytes], bytes]:
    index, data = [], b""
    for tag, (kind, value) in sorted(tags.items()):
        count, encoded = _encoded(kind, value)
        if kind == INT32:
            data += b"\0" * (-(begin + len(data)) % 4)
        index.append(pack(">IIiI", tag, kind, begin + len(data), count))
        data += encoded
    return index, data


def _encoded(kind: int, value: Any) -> tuple[int, bytes]:
    if kind == INT32:
        numbers: Sequence[int] = [value] if isinstance(value, int) else value
        return len(numbers), pack(f">{len(numbers)}i", *numbers)
    if kind == BINARY:
        return len(value), value
    texts = [value] if isinstance(value, (str, bytes)) else list(value)
    return len(texts), b"".join(_bytes(text) + b"\0" for text in texts)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def archive(content: bytes, *, signatures: bytes | None = None) -> bytes:
    """An rpm archive with this package header and no payload."""
    magic = b"\x8e\xad\xe8\x01\0\0\0\0"
    lead = b"\xed\xab\xee\xdb\x03\0" + b"\0" * 90
    signed = signatures or header({1000: (INT32, 5)}, region=False)
    return lead + magic + signed + b"\0" * (-len(signed) % 8) + magic + content
