"""RapidFort's curated images, told by the presence of one file: the distribution stays and the supplier changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.model.inventory import Found, OperatingSystem, OsRelease


def _parse(source: Input) -> Iterator[Found]:
    yield OsRelease(path=source.path, os=OperatingSystem(family="", name="", supplier="rapidfort"))


ANALYZER: Final = Analyzer(
    name="rapidfort", version=1, kind="os", paths=("usr/share/rapidfort/curated.json",), parse=_parse
)
