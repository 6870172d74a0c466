"""What docs/reports.md says of templates: its example runs, and its list of functions is whole."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.templates import written

from assaymark.report.gotemplate.library import functions

SECTION = re.search(
    r"\n## Templates\n(.*?)\n## ", (Path(__file__).parents[4] / "docs" / "reports.md").read_text(), re.DOTALL
)


def _section() -> str:
    assert SECTION is not None
    return SECTION[1]


def test_the_example_prints_what_it_should() -> None:
    example = _section().split("```")[1].removeprefix("\n")
    expected = """
shop:1 (alpine 3.19): 2
  CVE-2026-1 zlib 1.2 -> 1.3, known since 2 January 2026

app/package-lock.json: 0
"""
    assert written(example).decode() == expected


def test_every_function_is_listed_and_nothing_else_is() -> None:
    table, _, after = _section().partition("| about | functions |\n|---|---|\n")[2].partition("\n\n")
    listed = set(re.findall(r"`(\w+)`", table))
    doubled = {f"must{name[0].upper()}{name[1:]}" for name in re.findall(r"`(\w+)`", after.partition(" are there")[0])}
    assert listed | doubled == functions().keys() | {"and", "or"}


def test_what_is_left_out_is_not_there() -> None:
    missing = re.findall(
        r"`(\w+)`", _section().partition("**What it does not do**")[2].partition("Whatever is wrong")[0]
    )
    assert len(missing) > 8
    assert not set(missing) & functions().keys()
