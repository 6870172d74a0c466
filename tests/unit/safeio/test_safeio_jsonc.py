"""Comments and trailing commas become blanks, and nothing moves."""

from __future__ import annotations

import pytest

from assaymark.safeio.jsonc import plain_json

CASES = {
    "plain JSON stays as it is": (b'{"a": [1, 2]}', b'{"a": [1, 2]}'),
    "a comment to the end of the line": (b'{ // no\n"a": 1}', b'{      \n"a": 1}'),
    "a comment over lines": (b"[1, /* a\n\tb */ 2]", b"[1,     \n\t     2]"),
    "a comment that does not end": (b"[1] /* a ]", b"[1]       "),
    "what looks like a comment in a string": (b'["http://x", "/* y */"]', b'["http://x", "/* y */"]'),
    "an escaped quote in a string": (b'["a\\"// b", 1] // c', b'["a\\"// b", 1]     '),
    "trailing commas": (b'{"a": [1, 2,], "b": {"c": 1,\n},\n}', b'{"a": [1, 2 ], "b": {"c": 1 \n} \n}'),
    "a comma and a comment before the bracket": (b"[1, // last\n]", b"[1         \n]"),
    "commas without values": (b"[,,]", b"[  ]"),
    "commas in strings": (b'[",]"]', b'[",]"]'),
    "a string that does not end": (b'["a // b', b'["a // b'),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES)
def test_blanked(data: bytes, expected: bytes) -> None:
    assert plain_json(data) == expected


@pytest.mark.parametrize("piece", [b"/*", b"//", b'"', b",", b"[,", b"/* */,", b'\\"', b", \n"])
def test_time_is_linear(piece: bytes) -> None:
    assert len(plain_json(piece * 300_000)) == len(piece) * 300_000
