"""PEM (RFC 7468): the armour around keys.

Rules: the first block counts, as with Go's `pem.Decode`, except where a file holds a chain; text around blocks is
ignored; a block with headers (`Proc-Type: 4,ENCRYPTED`, RFC 1421) says so, because its body is no plain DER.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

import msgspec

_BEGIN = re.compile(rb"^-----BEGIN ([A-Z0-9][A-Z0-9 ]{0,60})-----[ \t\r]*$", re.MULTILINE)
_END = re.compile(rb"^-----END ([A-Z0-9][A-Z0-9 ]{0,60})-----", re.MULTILINE)


class Pem(msgspec.Struct, frozen=True, kw_only=True):
    """One block.

    Attributes:
        label: `PUBLIC KEY`, …
        body: the decoded bytes; empty for a block with headers.
        headers: whether RFC 1421 headers stand in it.
    """

    label: str
    body: bytes
    headers: bool = False


def parse_pem(data: bytes) -> Pem:
    """The first block of `data`.

    Raises:
        ValueError: there is none, or it is broken.
    """
    return next(parse_pems(data))


def parse_pems(data: bytes) -> Iterator[Pem]:
    """Every block of `data`.

    Raises:
        ValueError: there is none, or one is broken.
    """
    position = 0
    while begin := _BEGIN.search(data, position):
        end = _END.search(data, begin.end())
        if end is None:
            break
        yield _block(begin, end)
        position = end.end()
    if not position or begin is not None:
        raise ValueError("there is no PEM block" if not position else "the last PEM block has no end")


def _block(begin: re.Match[bytes], end: re.Match[bytes]) -> Pem:
    if begin[1] != end[1]:
        raise ValueError("the PEM block does not end with the label that it begins with")
    label, body = begin[1].decode("ascii"), begin.string[begin.end() : end.start()]
    if b":" in body:
        return Pem(label=label, body=b"", headers=True)
    try:
        decoded = binascii.a2b_base64(b"".join(body.split()), strict_mode=True)
    except binascii.Error as exc:
        raise ValueError(f"the PEM block is not base64: {exc}") from exc
    return Pem(label=label, body=decoded)


def encode_pem(label: str, body: bytes) -> bytes:
    """`body` in armour, 64 columns wide."""
    text = binascii.b2a_base64(body, newline=False)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return b"\n".join([f"-----BEGIN {label}-----".encode(), *lines, f"-----END {label}-----".encode(), b""])
