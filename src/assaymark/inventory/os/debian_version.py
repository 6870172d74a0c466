"""Debian's `etc/debian_version`: the first line, `12.15` or `trixie/sid`. Derivatives have the file too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import first_line
from assaymark.model.inventory import Found, OperatingSystem, OsRelease


def _parse(source: Input) -> Iterator[Found]:
    name = first_line(source)
    if name:
        yield OsRelease(path=source.path, os=OperatingSystem(family="debian", name=name))


ANALYZER: Final = Analyzer(name="debian", version=1, kind="os", paths=("etc/debian_version",), parse=_parse)
