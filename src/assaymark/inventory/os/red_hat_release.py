"""The release files of Red Hat and its relatives: `<name> release <version>`.

`etc/redhat-release` exists in all of them and decides by the name; what it does not know is Red Hat. The relatives' own
files take their own names only (Oracle's takes any), and a line of another shape ends the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.model.inventory import Found, OperatingSystem, OsRelease
from assaymark.safeio.text import decode_utf8

_LINE: Final = re.compile(r"(.*) release ([0-9][0-9.]*)")
_NAMES: Final = {
    "centos": "centos",
    "centos linux": "centos",
    "rocky": "rocky",
    "rocky linux": "rocky",
    "alma": "alma",
    "almalinux": "alma",
    "alma linux": "alma",
    "oracle": "oracle",
    "oracle linux": "oracle",
    "oracle linux server": "oracle",
    "fedora": "fedora",
    "fedora linux": "fedora",
}
_FILES: Final = {
    "etc/redhat-release": "redhat",
    "etc/centos-release": "centos",
    "etc/rocky-release": "rocky",
    "etc/almalinux-release": "alma",
    "etc/fedora-release": "fedora",
    "usr/lib/fedora-release": "fedora",
    "etc/oracle-release": "oracle",
}


def _parse(source: Input) -> Iterator[Found]:
    owner = _FILES.get(source.path, "redhat")
    for line in file_lines(source):
        match = _LINE.match(decode_utf8(line).strip())
        if match is None:
            return
        family = _family(match[1].lower(), owner)
        if family:
            yield OsRelease(path=source.path, os=OperatingSystem(family=family, name=match[2]))
            return


def _family(name: str, owner: str) -> str:
    """The family that a line names in the file of `owner`; empty where the line is somebody else's."""
    if owner == "oracle":
        return owner
    family = _NAMES.get(name, "")
    if owner == "redhat":
        return family or owner
    return family if family == owner else ""


ANALYZER: Final = Analyzer(name="redhat", version=1, kind="os", paths=tuple(_FILES), parse=_parse)
