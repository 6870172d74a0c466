"""Ubuntu's `etc/lsb-release`: `DISTRIB_RELEASE` behind a line that is exactly `DISTRIB_ID=Ubuntu`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.model.inventory import Found, OperatingSystem, OsRelease
from assaymark.safeio.text import decode_utf8

_RELEASE: Final = b"DISTRIB_RELEASE="


def _parse(source: Input) -> Iterator[Found]:
    is_ubuntu = False
    for line in file_lines(source):
        if line == b"DISTRIB_ID=Ubuntu":
            is_ubuntu = True
        elif is_ubuntu and line.startswith(_RELEASE):
            name = decode_utf8(line.removeprefix(_RELEASE)).strip()
            yield OsRelease(path=source.path, os=OperatingSystem(family="ubuntu", name=name))
            return


ANALYZER: Final = Analyzer(name="ubuntu", version=1, kind="os", paths=("etc/lsb-release",), parse=_parse)
