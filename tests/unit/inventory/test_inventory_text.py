"""Lines, fields and the lines of JSON objects."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.errors import LimitError
from assaymark.inventory.fields import read_paragraphs
from assaymark.inventory.json_lines import EACH, NOWHERE, located, object_lines
from assaymark.inventory.lines import read_lines
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.package import Location


def lines(data: bytes, limit: int) -> tuple[list[bytes], list[bytes]]:
    long: list[bytes] = []

    def left_out(start: bytes) -> bytes | None:
        long.append(start)
        return b"?" if start.startswith(b"?") else None

    return list(read_lines(io.BytesIO(data), limit=limit, on_long=left_out)), long


@pytest.mark.parametrize(
    ("data", "expected", "long"),
    [
        pytest.param(b"", [], [], id="empty"),
        pytest.param(b"a\nb", [b"a", b"b"], [], id="no line end at the end"),
        pytest.param(b"a\n\nb\n", [b"a", b"", b"b"], [], id="an empty line"),
        pytest.param(b"a\r\nb\r", [b"a", b"b"], [], id="carriage returns"),
        pytest.param(b"12345\n123456\nb\n", [b"12345", b"b"], [b"12345"], id="a long line"),
        pytest.param(b"123456", [], [b"12345"], id="a long last line"),
        pytest.param(b"?23456\nb", [b"?", b"b"], [b"?2345"], id="what stands for it"),
    ],
)
def test_lines_are_split_and_bounded(data: bytes, expected: list[bytes], long: list[bytes]) -> None:
    assert lines(data, 5) == (expected, long)


@given(
    texts=st.lists(st.integers(min_value=0, max_value=700_000).map(lambda size: b"x" * size), max_size=6),
    limit=st.sampled_from([10, 262_144, 600_000]),
)
def test_chunks_do_not_show(texts: list[bytes], limit: int) -> None:
    expected = [text for text in texts if len(text) <= limit]

    assert lines(b"".join(text + b"\n" for text in texts), limit)[0] == expected


def test_fields_are_kept_by_name() -> None:
    text = b"A: 1\nB:2\n more\n\tand more  \nignored: x\n continued\na: second\n\n\nB: 3"

    first, second = read_paragraphs(text.split(b"\n"), {b"a", b"b"}, limits=DEFAULT_LIMITS)

    assert (first.one(b"a"), first.all_of(b"a"), first.one(b"b")) == ("1", ["1", "second"], "2 more and more")
    assert (second.one(b"a"), second.all_of(b"b")) == ("", ["3"])


def test_long_fields_keep_what_fits() -> None:
    cut: list[bytes] = []
    text = [b"a: 1", b" 2345", b" 6789", b" 0", b"b: 1"]

    (paragraph,) = read_paragraphs(text, {b"a", b"b"}, limits=Limits(field_bytes=7), on_cut=cut.append)

    assert (paragraph.one(b"a"), paragraph.one(b"b"), paragraph.size, cut) == ("1 2345", "1", 6, [b"a"])


def test_a_field_that_comes_too_often_is_refused() -> None:
    with pytest.raises(LimitError, match="more than 3 fields"):
        list(read_paragraphs([b"a: 1"] * 4, {b"a"}, limits=Limits(paragraph_fields=3)))


def test_objects_are_located_by_name() -> None:
    text = (
        '{\n "skip": {"m": [1,\n {"x": "}"}]},\n "m": {\n  "a": {"m": {}, "v": 1.5e3\n  }, "b": 7,\n  "\\u0063": {}}\n}'
    )

    assert object_lines(text, located(("m", EACH))) == {
        ("m", "a"): Location(start_line=5, end_line=6),
        ("m", "c"): Location(start_line=7, end_line=7),
    }


def test_maps_in_maps_are_walked() -> None:
    inner = located(("m", EACH))
    inner["m"][EACH]["m"] = inner["m"]

    assert object_lines('{"m":\n{"a":\n{"m":\n{"b":\n{}, "c": {}}}}}', inner) == {
        ("m", "a"): Location(start_line=3, end_line=5),
        ("m", "a", "m", "b"): Location(start_line=5, end_line=5),
        ("m", "a", "m", "c"): NOWHERE,
    }


def test_only_the_first_object_of_a_line_is_located() -> None:
    assert object_lines('{"m":{"a":{},"b":{}}}', located(("m", EACH))) == {
        ("m", "a"): Location(start_line=1, end_line=1),
        ("m", "b"): NOWHERE,
    }


def test_elements_of_lists_are_located_by_number() -> None:
    text = '{"list": [\n {"a": [{}]},\n 7,\n "text\\n", [\n]\n], "deep": {"x": {"y":\n{}}}}'

    assert object_lines(text, located(("list", EACH), ("deep", EACH, EACH))) == {
        ("list", 0): Location(start_line=2, end_line=2),
        ("list", 2): Location(start_line=4, end_line=4),
        ("list", 3): NOWHERE,
        ("deep", "x", "y"): Location(start_line=7, end_line=7),
    }


def test_a_named_member_has_its_own_shape() -> None:
    assert object_lines('[{\n"a": "1",\n"b": {"c":\n"2"}\n}]', located((EACH, EACH), (EACH, "b", "c"))) == {
        (0, "a"): Location(start_line=2, end_line=2),
        (0, "b", "c"): Location(start_line=4, end_line=4),
    }


def test_documents_may_nest_as_deeply_as_is_read() -> None:
    shape = located((EACH,))
    shape[EACH][EACH] = shape[EACH]
    depth = DEFAULT_LIMITS.json_depth

    assert len(object_lines("[\n" * depth + "]" * depth, shape)) == depth - 1
