"""The extension point of report formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from assaymark.extensions import discover, find
from assaymark.model.report import Scan


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A user's own template.

    Attributes:
        name: of its file, for messages.
        text: the template itself.
        environment: the variables that it may ask for.
        withheld: names of variables that hold credentials, which it may not have.
    """

    name: str
    text: str
    environment: dict[str, str] = {}
    withheld: frozenset[str] = frozenset()


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """How a report is wanted.

    Attributes:
        width: columns of the terminal; 0 when the output is no terminal.
        colour: whether escape sequences are welcome.
        list_all_packages: `Packages` in the JSON report.
        show_suppressed: findings that filters took out.
        blank_record: the reference's own record, with its blanks and its write-time stamps, for those who compare.
        links: whether the terminal follows links that stand behind a text.
        summary: whether the table begins with its summary.
        detailed: whether the table lists every finding.
        dependency_tree: whether the table tells who needs what is vulnerable.
        unchanged: whether a comparison also lists what did not change.
        root: the absolute path of the folder or file that was scanned; empty for everything else.
        environment: the variables that the format asks for, as far as they are set.
        template: what `template` writes.
    """

    width: int = 0
    colour: bool = False
    list_all_packages: bool = True
    show_suppressed: bool = False
    blank_record: bool = False
    links: bool = False
    summary: bool = True
    detailed: bool = True
    dependency_tree: bool = False
    unchanged: bool = False
    root: str = ""
    environment: dict[str, str] = {}
    template: Template | None = None


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """One output format; `write` puts the whole document on a binary stream.

    Attributes:
        name: the value of `--format`; the file's name with `-` for `_`.
        media_type: of the document.
        summary: one line for `--help`.
        variables: names of the environment variables that it reads; it is given no others.
        is_bill: whether it lists packages in the first place, so that nothing is looked up for it unless asked for.
    """

    name: str
    media_type: str
    summary: str
    write: Callable[[Scan, Rendering, BinaryIO], None]
    variables: tuple[str, ...] = ()
    is_bill: bool = False


def find_format(name: str) -> Format | None:
    """The format called `name`, or None."""
    return find("assaymark.report", name, "FORMAT", Format)


def formats() -> Iterator[Format]:
    """Every format, in order of names."""
    return discover("assaymark.report", "FORMAT", Format)
