"""`etc/apk/repositories`: the release that Alpine packages come from, which may be newer than the release file says.

Each address names a family and a release (`https://host/alpine/v3.19/main`). Rules: addresses of two families are an
error; `edge` beats every release; otherwise the highest release counts; only `alpine` is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.model.inventory import Found, PackageRepositories
from assaymark.safeio.text import decode_utf8
from assaymark.versions.generic import SCHEME
from assaymark.versions.scheme import VersionError

_ADDRESS: Final = re.compile(r"(?:https*|ftp)://[0-9A-Za-z.-]+/([A-Za-z]+)/v?([0-9A-Za-z_.-]+)/")
_EDGE: Final = "edge"


def _parse(source: Input) -> Iterator[Found]:
    family, release = "", ""
    for line in file_lines(source):
        match = _ADDRESS.search(decode_utf8(line))
        if match is None:
            continue
        if family and family != match[1]:
            raise ValueError(f"addresses of two distributions, `{family}` and `{match[1]}`")
        family = match[1]
        release = _higher(release, match[2])
    if family == "alpine" and release:
        yield PackageRepositories(path=source.path, family=family, release=release)


def _higher(current: str, other: str) -> str:
    if not current:
        return other
    if _EDGE in {current, other}:
        return _EDGE
    try:
        return other if SCHEME.key(current) < SCHEME.key(other) else current
    except VersionError:
        return current


ANALYZER: Final = Analyzer(name="apk-repo", version=1, kind="os", paths=("etc/apk/repositories",), parse=_parse)
