from __future__ import annotations

import pytest

from assaymark.report.plain import columns, pad, shorten, shown


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("busybox", "busybox"),
        ("a\nb\r\tc", r"a\x0ab\x0d\x09c"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]8;;http://x\x07y", r"\x1b]8;;http://x\x07y"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("::error::x", r"\x3a:error::x"),
        ("  ::set-output name=a::b", r"  \x3a:set-output name=a::b"),
        ("std::vector", "std::vector"),
        ("x ##[add-mask]y", r"x \x23#[add-mask]y"),
        ("##vso[task.setvariable]", r"\x23#vso[task.setvariable]"),
        ("##teamcity[x]", r"\x23#teamcity[x]"),
        ("## a heading", "## a heading"),
    ],
)
def test_what_people_see(text: str, line: str) -> None:
    assert line == shown(text)


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("a\u200bb", 2), ("\uff46", 2)],
    ids=["nothing", "ASCII", "wide", "combining", "zero width", "full width"],
)
def test_columns_are_counted_as_terminals_do(text: str, width: int) -> None:
    assert width == columns(text)
    assert width + 2 == columns(pad(text, width + 2))


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("a b c", 4, "a b…"),
        ("a  bcd", 4, "a…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
    ],
)
def test_shortening_says_that_something_is_missing_and_keeps_to_the_width(text: str, width: int, short: str) -> None:
    assert short == shorten(text, width)
    assert columns(short) <= width
