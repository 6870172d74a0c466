"""The lines of tables, as the reference counts them."""

from __future__ import annotations

import pytest

from assaymark.inventory.toml_lines import table_lines
from assaymark.model.package import Location

CARGO = """\
# generated
version = 3

[[package]]
name = "a"
version = "1.0.0"
dependencies = [
 "b",
]

[[package]]
name = "b"
version = "2.0.0"
[metadata]
"checksum b" = "x"
"""


def test_a_table_ends_before_an_empty_line_or_the_next_table() -> None:
    assert list(table_lines(CARGO, ("name", "version"))) == [
        (("a", "1.0.0"), Location(start_line=4, end_line=9)),
        (("b", "2.0.0"), Location(start_line=11, end_line=13)),
        (("", ""), Location(start_line=14, end_line=15)),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param('name = "a"\n', [], id="no table"),
        pytest.param("[a]", [("", 1, 1)], id="a table without a line end"),
        pytest.param("\n\n[a]\nname = 'x'\n\nname = \"y\"\n", [("y", 3, 4)], id="the last property of a table"),
        pytest.param('[a]\r\n  name = "x"\r\n\r\n', [("x", 1, 2)], id="carriage returns and blanks in front"),
        pytest.param('[a]\nname= "x"\nname = "a=b"\n', [("", 1, 3)], id="a second equals sign"),
        pytest.param('[a]\nl = [\n[1],\n]\nname = "x"\n', [("", 1, 2), ("x", 3, 5)], id="a list that begins a line"),
    ],
)
def test_odd_documents(text: str, expected: list[tuple[str, int, int]]) -> None:
    found = [(name, place.start_line, place.end_line) for (name,), place in table_lines(text, ("name",))]
    assert found == expected
