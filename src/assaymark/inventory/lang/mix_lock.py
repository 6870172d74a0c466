"""Elixir's and Erlang's `mix.lock` (https://hexdocs.pm/mix/Mix.Tasks.Deps.html), an Elixir map with one entry a line.

    "name": {:hex, :name, "1.2.3", "checksum", [:mix], [requirements], "hexpm", "checksum"},

Rules:

1. What stands before the first colon of a line, without quotes, is the package; lines without one are the braces.
2. Behind the colon, words are cut at blanks and commas. The third one, without quotes, is the version.
3. Entries of fewer than eight words have no version (`:git`), or are of a form that is not read; both are counted in an
   issue, and only the second one makes a scan incomplete.
4. The same package and version on several lines is one package with several places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.inventory.places import merge_places, package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Location, Package
from assaymark.safeio.text import decode_utf8

_WORDS: Final = 8
_WORD: Final = re.compile(r"[^\s,]+")
_SHOWN: Final = 3


def _parse(source: Input) -> Iterator[Found]:
    packages: list[Package] = []
    without_version: list[str] = []
    unread: list[str] = []
    for number, line in enumerate(file_lines(source, on_long=lambda _start: b":"), start=1):
        name, colon, body = decode_utf8(line).strip().partition(":")
        if not colon:
            continue
        name, words = name.strip('"'), _WORD.findall(body)
        if len(words) < _WORDS:
            (without_version if words and ":git" in words[0] else unread).append(name)
            continue
        place = Location(start_line=number, end_line=number)
        version = words[2].strip('"')
        packages.append(Package(id=package_id(name, version), name=name, version=version, locations=(place,)))
        if len(packages) > source.limits.packages_per_file:
            raise LimitError(f"more than {source.limits.packages_per_file} packages")
    _report(source, "dependencies from git have no version and were left out", without_version, blocking=False)
    _report(source, "entries could not be read and were left out", unread, blocking=True)
    if packages:
        yield Application(path=source.path, type="hex", packages=tuple(merge_places(packages)))


def _report(source: Input, reason: str, names: list[str], *, blocking: bool) -> None:
    if names:
        shown = ", ".join(f"`{name[:40]}`" for name in names[:_SHOWN])
        more = ", …" if len(names) > _SHOWN else ""
        message = f"mix-lock: {len(names)} {reason} ({shown}{more})"
        source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path, blocking=blocking))


ANALYZER: Final = Analyzer(
    name="mix-lock",
    version=1,
    kind="lang",
    paths=("mix.lock",),
    targets=("fs", "repo"),
    application="hex",
    parse=_parse,
)
