from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.report.gojson import encode_go


# what Go 1.26's encoding/json and the reference's binary print
@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (5.0, "5"),
        (5.3, "5.3"),
        (0.0, "0"),
        (-0.0, "-0"),
        (-5.0, "-5"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (9.99e-7, "9.99e-7"),
        (1e-7, "1e-7"),
        (2.5e-10, "2.5e-10"),
        (-1e-7, "-1e-7"),
        (123456.789e-10, "0.0000123456789"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1.5e21, "1.5e+21"),
        (1e100, "1e+100"),
        (1e-300, "1e-300"),
        (5e-324, "5e-324"),
        (7, "7"),
        (10**18, "1000000000000000000"),
    ],
)
def test_numbers_print_as_in_go_wherever_they_stand(number: float, printed: str) -> None:
    assert printed.encode() == encode_go(number)
    assert f'{{\n  "a": {printed},\n  "b": [\n    {printed},\n    {printed}\n  ]\n}}'.encode() == encode_go(
        {"a": number, "b": [number, number]}
    )


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("\x00\x01\x07\x0b\x1f", r"\u0000\u0001\u0007\u000b\u001f"),
        ("\b\t\n\f\r", r"\b\t\n\f\r"),
        ("\x7f\x80\x85", "\x7f\x80\x85"),
        ('<a href="x">&\'\\/', r"\u003ca href=\"x\"\u003e\u0026'\\/"),
        ("\u2028\u2029\ufeff\U0001f600", "\\u2028\\u2029\ufeff\U0001f600"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("1.5,\n5.0", r"1.5,\n5.0"),
    ],
)
def test_strings_print_as_in_go_as_value_and_as_key(text: str, printed: str) -> None:
    assert f'{{\n  "{printed}": "{printed}"\n}}'.encode() == encode_go({text: text})


def test_a_string_that_looks_like_a_float_stays_as_it_is() -> None:
    assert encode_go(["1.0", " 2.0", "a: 3.0"]) == b'[\n  "1.0",\n  " 2.0",\n  "a: 3.0"\n]'


def test_empty_containers_stand_on_one_line() -> None:
    assert (
        encode_go({"a": [], "b": {}, "c": None, "d": [[]]})
        == b'{\n  "a": [],\n  "b": {},\n  "c": null,\n  "d": [\n    []\n  ]\n}'
    )


class Pair(msgspec.Struct):
    z: str
    a: Any


def test_keys_keep_the_order_of_the_struct_and_of_the_dict() -> None:
    expected = b'{\n  "z": "\xef\xbf\xbd",\n  "a": {\n    "y": 1,\n    "b": [\n      true\n    ]\n  }\n}'
    assert expected == encode_go(Pair("\ud812", {"y": 1.0, "b": (True,)}))


_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_PLAIN)
def test_what_is_written_reads_back(value: Any) -> None:
    assert _same(value, json.loads(encode_go(value), parse_int=float))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_exactly_and_has_an_exponent_only_beyond_go_s_bounds(number: float) -> None:
    printed = encode_go([number]).decode().strip("[]\n ")
    assert math.copysign(1, float(printed)) == math.copysign(1, number)
    assert float(printed) == number
    assert ("e" in printed) == (number != 0 and not 1e-6 <= abs(number) < 1e21)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return isinstance(right, dict) and all(_same(left[key], right[key]) for key in left) and len(left) == len(right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
