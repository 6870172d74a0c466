"""TOML is read whole and within bounds, and what counts is what stands outside strings and comments."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from typing import Any

import msgspec
import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.toml import decode_toml

SMALL = msgspec.structs.replace(
    DEFAULT_LIMITS,
    toml_bytes=200,
    toml_lines=20,
    toml_depth=3,
    toml_tables=6,
    toml_values=8,
    toml_key_parts=4,
    toml_dots=9,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", {}, id="an empty document"),
        pytest.param('a = "1.0"\n[b]\nc = [1, 2.5, true]\n', {"a": "1.0", "b": {"c": [1, 2.5, True]}}, id="a table"),
        pytest.param("[[p]]\n[[p]]\nx = {y = 'z'}\n", {"p": [{}, {"x": {"y": "z"}}]}, id="tables in a list"),
        pytest.param("\ufeffa = 1\r\n", {"a": 1}, id="a byte order mark and carriage returns"),
        pytest.param('a = """\n[[[["""', {"a": "[[[["}, id="brackets in a long string"),
        pytest.param('a = """x""""\nb = "[[["\n', {"a": 'x"', "b": "[[["}, id="a quote before the end of a string"),
        pytest.param("a = '''it's [[[['''", {"a": "it's [[[["}, id="an apostrophe in a long literal"),
        pytest.param(r'a = "\"[[[[\\"' + "\n# [[[[\nb = '\\'", {"a": '"[[[[\\', "b": "\\"}, id="escapes and comments"),
    ],
)
def test_what_a_document_holds(text: str, expected: dict[str, Any]) -> None:
    assert decode_toml(text.encode(), limits=SMALL) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a = {\n  b = 1,\n  c = [\n2,\n],\n}\n", {"a": {"b": 1, "c": [2]}}, id="several lines"),
        pytest.param("a = {b = 1, # one,\n}\nc = 2", {"a": {"b": 1}, "c": 2}, id="a comment and a last comma"),
        pytest.param('a = {b = ",\\e\\x41\\\\x41" , }', {"a": {"b": ",\x1bA\\x41"}}, id="escapes"),
        pytest.param("a = {b = 'x\\e',}", {"a": {"b": "x\\e"}}, id="a literal has no escapes"),
        pytest.param('a = {}\nb = """\n{\n,}\\x41"""', {"a": {}, "b": "{\n,}A"}, id="lines of a string stay"),
        pytest.param(
            "a = 10:30\nb = [07:32, 08:00:01]", {"a": time(10, 30), "b": [time(7, 32), time(8, 0, 1)]}, id="times"
        ),
        pytest.param(
            "a = 2024-01-02T10:30+05:30",
            {"a": datetime(2024, 1, 2, 10, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))},
            id="a time with an offset",
        ),
    ],
)
def test_what_the_newer_version_added(text: str, expected: dict[str, Any]) -> None:
    assert decode_toml(text.encode(), limits=SMALL) == expected


def test_large_documents_are_read_once() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, configuration_bytes=10)
    with pytest.raises(ArtifactError):
        decode_toml(b"a = {b = 1,}", limits=limits)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a = {b = 1,,}", id="two commas"),
        pytest.param(b"a = {b = 1", id="an open inline table"),
        pytest.param(b'a = "\\xg0"', id="no hexadecimal digits"),
        pytest.param(b"a", id="a key alone"),
        pytest.param(b"a = 1\na = 2", id="a key twice"),
        pytest.param(b"[a\n", id="an open table"),
        pytest.param(b'a = "', id="an open string"),
        pytest.param(b"a = '''x", id="an open literal"),
        pytest.param(b'a = """\\', id="an open escape"),
        pytest.param(b'a = "\xff"', id="no UTF-8"),
        pytest.param("a = 1".encode("utf-16"), id="UTF-16"),
        pytest.param(b"a = 2024-02-31", id="no date"),
        pytest.param(b"[a]\n[a.b]\n[a.b]\n", id="a table twice"),
        pytest.param(b"\x00", id="a control character"),
    ],
)
def test_what_is_no_document(data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"`poetry.lock` is not TOML: "):
        decode_toml(data, limits=SMALL, what="poetry.lock")


def test_a_number_that_python_does_not_hold() -> None:
    with pytest.raises(ArtifactError, match="the document is not TOML"):
        decode_toml(b"a = " + b"1" * 5_000, limits=DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("#" * 201, "has 201 bytes, more than the 200", id="bytes"),
        pytest.param("\n" * 20, "more than 20 lines", id="lines"),
        pytest.param("a = [[[[]]]]", "nested deeper than 3 levels", id="lists"),
        pytest.param("a = {b = {c = {d = {}}}}", "nested deeper than 3 levels", id="inline tables"),
        pytest.param("[a]\n" * 7, "more than 6 tables and lists", id="tables"),
        pytest.param("a = [" + "1," * 8 + "]", "more than 8 values", id="values of a list"),
        pytest.param("".join(f"a{n} = 1\n" for n in range(9)), "more than 8 values", id="keys"),
        pytest.param("a.b.c.d.e = 1", "a key of more than 4 parts", id="parts of a key"),
        pytest.param('["a"."b" . c.d.e]', "a key of more than 4 parts", id="quoted parts of a header"),
        pytest.param("a.b=1\n" * 4 + "[c.d.e]\n" * 3, "more than 9 dots", id="dots of many keys"),
    ],
)
def test_what_is_too_much(text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        decode_toml(text.encode(), limits=SMALL)


def test_as_much_as_allowed() -> None:
    assert decode_toml(b"a.b.c.d = [[[]]]\ne.f.g.h = 1.5\n", limits=SMALL) == {
        "a": {"b": {"c": {"d": [[[]]]}}},
        "e": {"f": {"g": {"h": 1.5}}},
    }


def test_a_reader_that_is_called_deep_down_says_so() -> None:
    deep = msgspec.structs.replace(DEFAULT_LIMITS, toml_depth=100_000)
    with pytest.raises(LimitError, match="nested too deeply"):
        decode_toml(b"a = " + b"[" * 50_000 + b"]" * 50_000, limits=deep)
