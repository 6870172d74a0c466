"""PEM (RFC 7468): the armour around keys.

Rules: the first block counts, as with Go's `pem.Decode`; text in front of it and behind it is ignored; a block with
headers (`Proc-Type: 4,ENCRYPTED`, RFC 1421) says so, because its body is no plain DER.
"""

from __future__ import annotations

import binascii
import re

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
    begin = _BEGIN.search(data)
    end = _END.search(data, begin.end()) if begin else None
    if begin is None or end is None:
        raise ValueError("there is no PEM block")
    if begin[1] != end[1]:
        raise ValueError("the PEM block does not end with the label that it begins with")
    label, body = begin[1].decode("ascii"), data[begin.end() : end.start()]
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
