"""Amazon Linux's `system-release`: `Amazon Linux release 2 (Karoo)`, `Amazon Linux AMI release 2018.03`.

From version 2 on the name begins behind `release`; before, behind `Linux`. Other distributions have the file too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.model.inventory import Found, OperatingSystem, OsRelease
from assaymark.safeio.text import decode_utf8


def _parse(source: Input) -> Iterator[Found]:
    for line in file_lines(source):
        name = _version(decode_utf8(line))
        if name is not None:
            yield OsRelease(path=source.path, os=OperatingSystem(family="amazon", name=name))
            return


def _version(line: str) -> str | None:
    words = line.split()
    if line.startswith("Amazon Linux release 2"):
        return " ".join(words[3:]) if len(words) >= 5 else None
    return " ".join(words[2:]) if line.startswith("Amazon Linux") else None


ANALYZER: Final = Analyzer(
    name="amazon", version=1, kind="os", paths=("etc/system-release", "usr/lib/system-release"), parse=_parse
)
