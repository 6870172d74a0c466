"""JSON of signed documents: one reading or none.

Statements, envelopes and bundles are read by several programs that must agree. What JSON leaves open is refused:
duplicate keys, byte order marks, trailing data, invalid UTF-8 (`assaymark.safeio.json.decode_strict`), and keys that
differ from a known name in letter case only, because Go takes them for that name and others do not.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from assaymark.attest.reasons import Reason, refuse
from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.safeio.json import decode_strict

_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def decode_document(data: bytes, *, limits: Limits, what: str, reason: Reason) -> dict[str, Any]:
    """The object that `data` holds.

    Raises:
        VerificationError: with `reason`, or with `DUPLICATE_KEYS`.
    """
    wide = msgspec.structs.replace(limits, json_bytes=max(limits.json_bytes, limits.attestation_bytes))
    try:
        document = decode_strict(data, limits=wide, what=what)
    except ArtifactError as exc:
        cause = Reason.DUPLICATE_KEYS if "appears twice" in str(exc) else reason
        raise refuse(cause, str(exc)) from exc
    if not isinstance(document, dict):
        raise refuse(reason, f"{what} is not a JSON object")
    return document


def refuse_case_variants(document: Mapping[str, Any], names: tuple[str, ...], *, what: str) -> None:
    """Raise `ValueError` where a key is one of `names` in another letter case."""
    known = {name.casefold(): name for name in names}
    for key in document:
        name = known.get(key.casefold())
        if name is not None and name != key:
            raise ValueError(f"{what} has a member `{key[:40]}`, which some readers take for `{name}`")


def decode_base64(text: str) -> bytes:
    """The bytes of base64 in the standard or the URL-safe alphabet, padded or not, in their one canonical spelling.

    Raises:
        ValueError: anything else.
    """
    if not text:
        return b""
    spelled = text.encode("ascii", errors="strict").translate(_URL_SAFE).rstrip(b"=")
    padded = spelled + b"=" * (-len(spelled) % 4)
    try:
        data = binascii.a2b_base64(padded, strict_mode=True)
    except binascii.Error as exc:
        raise ValueError(f"not base64: {exc}") from exc
    if len(text) not in {len(spelled), len(padded)} or binascii.b2a_base64(data, newline=False) != padded:
        raise ValueError("not base64 in its canonical form")
    return data


def encode_base64(data: bytes) -> str:
    """Standard alphabet, padded."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")
