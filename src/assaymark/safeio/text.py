r"""Text from untrusted bytes, and untrusted text on its way to people.

- `decode_utf8` decodes as Go prints: every byte that is no part of valid UTF-8 becomes one U+FFFD (the Go
  specification, "Conversions to and from a string type"), where Python's `replace` merges the bytes of a truncated
  sequence.
- `printable` makes visible what a terminal or a reader's eye would obey: C0 and C1 controls (and with them every ANSI
  and OSC sequence), DEL, line and paragraph separators, bidirectional controls (CVE-2021-42574), and lone surrogates,
  which no stream can encode. Line feeds are escaped too, because a name must not forge a log line.
"""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ESCAPED_BYTES: Final = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")  # what `surrogateescape` makes of a byte


def decode_utf8(data: bytes) -> str:
    """The text of `data`, never failing: one U+FFFD stands for each byte that is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape").translate(_ESCAPED_BYTES)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def printable(text: str) -> str:
    r"""`text` with every control character spelled out: ESC becomes `\x1b`, a right-to-left override `\u202e`.

    Backslashes stay as they are, so the result is for people and not reversible.
    """
    return _UNSAFE.sub(_escape, text)
