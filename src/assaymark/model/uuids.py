"""UUIDs (RFC 9562): of a moment, and of contents. Nothing is drawn here, so that the same gives the same."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256


def uuid7(moment: datetime, random: bytes) -> str:
    """A time-ordered one (section 5.7); `random` has ten bytes."""
    milliseconds = int(moment.timestamp() * 1000)
    return _text(milliseconds.to_bytes(6, "big") + random, version=7)


def uuid8(data: bytes) -> str:
    """One that follows from `data` (section 5.8)."""
    return _text(sha256(data).digest()[:16], version=8)


def _text(octets: bytes, *, version: int) -> str:
    value = bytearray(octets)
    value[6] = version << 4 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
