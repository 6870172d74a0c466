"""Licence declarations split and normalised."""

from __future__ import annotations

import pytest

from assaymark.inventory import licenses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("GPL-1+,GPL-2", ["GPL-1+", "GPL-2"], id="a comma"),
        pytest.param("GPL-1+ or Artistic, and BSD-4", ["GPL-1+", "Artistic", "BSD-4"], id="words"),
        pytest.param("LGPLv3+_or_GPLv2+", ["LGPLv3+", "GPLv2+"], id="underscores"),
        pytest.param("BSD or Apache License, Version 2.0", ["BSD", "Apache License, Version 2.0"], id="a version"),
        pytest.param("GPL v2 or later (GPLv2+)", ["GPL v2 or later (GPLv2+)"], id="or later"),
        pytest.param(
            "GNU Library or Lesser General Public License (LGPL), MIT",
            ["GNU Library or Lesser General Public License (LGPL)", "MIT"],
            id="a classifier with a separator",
        ),
        pytest.param("A and B; C", ["text://A and B; C"], id="a text"),
        pytest.param("see https://example.org, please", ["text://see https://example.org, please"], id="an address"),
    ],
)
def test_declarations_are_split(text: str, expected: list[str]) -> None:
    assert licenses.split(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param("MIT AND GPL-2.0-only", ("MIT", "GPL-2.0-only"), id="an expression"),
        pytest.param("(MPL 2.0) GPL2+", ("MPL-2.0", "GPL-2.0-or-later"), id="blanks and versions"),
        pytest.param("GPL-2.0 WITH Foo", ("GPL-2.0-only WITH Foo",), id="an exception"),
        pytest.param("WITH MIT", ("MIT",), id="an exception to nothing"),
    ],
)
def test_expressions_are_split_at_blanks(text: str, expected: tuple[str, ...]) -> None:
    assert licenses.split_lax(text) == expected


@pytest.mark.parametrize("text", ["A" * 1_000_000, "1 " * 500_000, "(V" * 500_000])
def test_long_declarations_take_no_time(text: str) -> None:
    assert licenses.split(text) == [f"text://{text}"]
    assert licenses.split_lax(text)
