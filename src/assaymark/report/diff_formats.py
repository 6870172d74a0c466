"""The forms that a comparison can have, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from assaymark.errors import UsageError
from assaymark.report.diff import Difference
from assaymark.report.diff_html import write_html
from assaymark.report.diff_json import write_json
from assaymark.report.diff_markdown import write_markdown
from assaymark.report.diff_table import write_table
from assaymark.report.format import Rendering

Write = Callable[[Difference, Rendering, BinaryIO], None]
DIFF_FORMATS: Final[Mapping[str, Write]] = {
    "table": write_table,
    "json": write_json,
    "markdown": write_markdown,
    "html": write_html,
}


def find_diff_format(name: str) -> Write:
    """The writer of a form.

    Raises:
        UsageError: there is none of that name.
    """
    write = DIFF_FORMATS.get(name)
    if write is None:
        raise UsageError(f"invalid argument `{name}` for `--format`", hint=f"one of {', '.join(DIFF_FORMATS)}")
    return write
