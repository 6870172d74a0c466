"""Alpine's `etc/alpine-release`: the first line is the version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import first_line
from assaymark.model.inventory import Found, OperatingSystem, OsRelease


def _parse(source: Input) -> Iterator[Found]:
    name = first_line(source)
    if name:
        yield OsRelease(path=source.path, os=OperatingSystem(family="alpine", name=name))


ANALYZER: Final = Analyzer(name="alpine", version=1, kind="os", paths=("etc/alpine-release",), parse=_parse)
