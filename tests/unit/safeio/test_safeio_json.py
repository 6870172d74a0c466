from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.json import decode_go, decode_strict, fold

BOTH = {
    "a number alone": (b"-12", -12),
    "a fraction keeps its type": (b"5.0", 5.0),
    "an exponent": (b"1E2", 100.0),
    "an integer beyond 64 bits": (b"18446744073709551616", 18446744073709551616),
    "white space around everything": (b' [ 1 ,\t{ "a" : null } ]\r\n', [1, {"a": None}]),
    "every escape": (rb'"\"\\\/\b\f\n\r\t\u00e9"', '"\\/\b\f\n\r\t\xe9'),
    "a surrogate pair": (rb'"\ud834\udd1e"', "\U0001d11e"),
    "brackets and quotes inside strings": (rb'["[\"[", "\\", "]"]', ['["[', "\\", "]"]),
    "DEL and U+2028 are allowed in strings": ('"\x7f\u2028"'.encode(), "\x7f\u2028"),
    "an empty key": (b'{"":0}', {"": 0}),
}
NEITHER = {
    "nothing": b"",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "trailing data": b"{} {}",
    "a trailing comma": b"[1,]",
    "NaN": b"[NaN]",
    "minus infinity": b"[-Infinity]",
    "a leading zero": b"012",
    "a bare control character": b'"\x01"',
    "an unknown escape": rb'"\x41"',
    "an unterminated string": b'["a',
    "an escape at the end": b'["a\\',
    "single quotes": b"{'a':1}",
    "a number that no double holds": b"1e400",
    "an integer of six thousand digits": b"1" * 6000,
    "mismatched brackets": b"[}",
    "a lone byte outside strings": b"[\xff]",
}


@pytest.mark.parametrize(("data", "value"), BOTH.values(), ids=BOTH)
def test_both_rules_agree(data: bytes, value: Any) -> None:
    decoded = [decode_go(data, limits=DEFAULT_LIMITS), decode_strict(data, limits=DEFAULT_LIMITS)]

    assert decoded == [value, value]
    assert [type(one) for one in decoded] == [type(value), type(value)]


@pytest.mark.parametrize("data", NEITHER.values(), ids=NEITHER)
@pytest.mark.parametrize("decode", [decode_go, decode_strict])
def test_what_is_no_json_is_refused_by_name(decode: Any, data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"`lock.json` is not"):
        decode(data, limits=DEFAULT_LIMITS, what="lock.json")


FORGIVEN = {
    "duplicate keys: the last wins": (b'{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
    "duplicate keys at depth": (b'[{"a":{"b":1,"b":2}}]', [{"a": {"b": 2}}]),
    "invalid UTF-8: one mark a byte": (b'"a\xe2\x82b"', "a\ufffd\ufffdb"),
    "an encoded surrogate": (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
    "a lone high surrogate": (rb'"\ud800x"', "\ufffdx"),
    "a lone low surrogate before a pair": (rb'["\uDC00\ud834\udd1e"]', ["\ufffd\U0001d11e"]),
    "two high surrogates before a low one": (rb'"\ud800\ud834\udd1e\udd1e"', "\ufffd\U0001d11e\ufffd"),
    "runs of backslashes": (rb'"\\\\\ud800\\\ud800\\ud800"', "\\\\\ufffd\\\ufffd\\ud800"),
    "an escaped backslash before u": (rb'["\\ud800", "\ud800"]', ["\\ud800", "\ufffd"]),
}


@pytest.mark.parametrize(("data", "value"), FORGIVEN.values(), ids=FORGIVEN)
def test_go_forgives_what_strict_refuses(data: bytes, value: Any) -> None:
    assert decode_go(data, limits=DEFAULT_LIMITS) == value
    with pytest.raises(ArtifactError, match="the document is not acceptable JSON"):
        decode_strict(data, limits=DEFAULT_LIMITS)


def test_a_large_document_is_not_repaired() -> None:
    limits = Limits(json_repaired_bytes=5)

    assert decode_go(b'"a\xff"', limits=limits) == "a\ufffd"
    with pytest.raises(ArtifactError, match="the document is not JSON: "):
        decode_go(b'"aaa\xff"', limits=limits)


def test_the_key_that_appears_twice_is_named() -> None:
    with pytest.raises(ArtifactError, match="key `subject` appears twice"):
        decode_strict(b'{"x":{"y":0,"subject":1,"subject":2}}', limits=DEFAULT_LIMITS)


def nested(levels: int) -> bytes:
    return b'{"a":[' * (levels // 2) + b"]}" * (levels // 2)


SMALL = Limits(json_bytes=5_000_000, json_depth=100, json_values=50, json_containers=200)
BOUNDED = {
    "a level too deep": (nested(102), "nested deeper than 100 levels"),
    "a million levels never closed": (b"[" * 1_000_000, "lists and objects"),
    "too many values": (b"[" + b"0," * 60 + b"0]", "more than 50 values"),
    "too many containers": (b"[[" + b"[]" * 200 + b"]]", "more than 200 lists and objects"),
    "too many bytes": (b" " * 5_000_001, "has 5000001 bytes"),
}


@pytest.mark.parametrize(("data", "message"), BOUNDED.values(), ids=BOUNDED)
@pytest.mark.parametrize("decode", [decode_go, decode_strict])
def test_bounds(decode: Any, data: bytes, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        decode(data, limits=SMALL)


def test_the_deepest_allowed_document_and_brackets_in_strings_pass() -> None:
    brackets = b'["' + b"[" * 300 + b'\\"[", {"[": ""}, "\\\\"]'

    assert decode_go(nested(100), limits=SMALL) == decode_strict(nested(100), limits=SMALL)
    assert decode_go(brackets, limits=SMALL) == ["[" * 300 + '"[', {"[": ""}, "\\"]


@pytest.mark.parametrize("decode", [decode_go, decode_strict])
def test_a_caller_whose_stack_is_deep_gets_a_limit_error(decode: Any) -> None:
    def call(frames: int) -> Any:
        return call(frames - 1) if frames else decode(nested(400), limits=DEFAULT_LIMITS)

    used = len(inspect.stack(0))
    with pytest.raises(LimitError, match="nested too deeply"):
        call(sys.getrecursionlimit() - used - 100)


FOLDS = {
    "exact names": ({"name": 1, "Version": 2}, {"name": 1, "Version": 2}),
    "any letter case": ({"NAME": 1, "version": 2}, {"name": 1, "Version": 2}),
    "the last wins": ({"name": 1, "Name": 2}, {"name": 2}),
    "others are dropped": ({"names": 1, "nam": 2}, {}),
    "the Kelvin sign and the long s fold as in Go": ({"ver\u017fion": 1, "to\u212aen": 2}, {"Version": 1, "token": 2}),
}


@pytest.mark.parametrize(("document", "folded"), FOLDS.values(), ids=FOLDS)
def test_fold(document: dict[str, Any], folded: dict[str, Any]) -> None:
    assert fold(document, ("name", "Version", "token")) == folded
