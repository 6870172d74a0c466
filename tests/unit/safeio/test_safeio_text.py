from __future__ import annotations

import pytest

from assaymark.safeio.text import decode_utf8, printable

PRINTABLE = {
    "plain text stays": ("libssl1.1 1.1.1-r0 é 漢 🙂 \\x1b", "libssl1.1 1.1.1-r0 é 漢 🙂 \\x1b"),
    "a colour": ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    "an OSC link": ("\x1b]8;;http://evil\x07", "\\x1b]8;;http://evil\\x07"),
    "a C1 introducer": ("\x9b31m", "\\x9b31m"),
    "line feeds and tabs": ("a\n\tb\r", "a\\x0a\\x09b\\x0d"),
    "NUL and DEL": ("\0\x7f", "\\x00\\x7f"),
    "bidirectional controls": ("\u202eabc\u2066\u200f\u061c", "\\u202eabc\\u2066\\u200f\\u061c"),
    "separators and the byte order mark": ("\u2028\u2029\ufeff", "\\u2028\\u2029\\ufeff"),
    "a lone surrogate": ("\ud800", "\\ud800"),
}


@pytest.mark.parametrize(("text", "shown"), PRINTABLE.values(), ids=PRINTABLE)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


DECODED = {
    "valid": ("é漢".encode(), "é漢"),
    "one mark for each byte": (b"\xe2\x82-\xff", "\ufffd\ufffd-\ufffd"),
    "an encoded surrogate": (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
    "an overlong slash": (b"\xc0\xaf", "\ufffd\ufffd"),
}


@pytest.mark.parametrize(("data", "text"), DECODED.values(), ids=DECODED)
def test_decode_utf8(data: bytes, text: str) -> None:
    assert decode_utf8(data) == text
