"""Licences of Debian packages: `usr/share/doc/<package>/copyright` (debian-policy 12.5, copyright-format 1.0).

Lines that begin with `License:` name licences (what follows a parenthesis is dropped, the rest is split and
normalised); other lines may refer to `/usr/share/common-licenses/<name>`. Free text is not classified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory import licenses
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines, long_line
from assaymark.model.inventory import Found, PackageLicense
from assaymark.model.licenses import normalise_all
from assaymark.safeio.text import decode_utf8

_FIELD: Final = b"License:"
_COMMON: Final = b"/usr/share/common-licenses/"
_REFERENCE: Final = re.compile(rb"/?usr/share/common-licenses/([0-9A-Za-z_.+-]+[0-9A-Za-z+])")


def _parse(source: Input) -> Iterator[Found]:
    def leave_out(start: bytes) -> None:
        source.report(long_line(source, source.path, start, blocking=False))

    names: dict[str, None] = {}
    for line in file_lines(source, on_long=leave_out):
        names.update(dict.fromkeys(_names(line)))
        if len(names) > source.limits.licenses_per_file:
            raise LimitError(f"more than {source.limits.licenses_per_file} licences")
    found = normalise_all(names)
    if found:
        yield PackageLicense(path=source.path, package=source.path.split("/")[3], licenses=found)


def _names(line: bytes) -> list[str]:
    if line.startswith(_FIELD):
        text = decode_utf8(line.removeprefix(_FIELD)).strip().partition("(")[0]
        text = text.removeprefix("The main library is licensed under ").removesuffix(" license")
        return licenses.split(text.strip())
    reference = _REFERENCE.search(line) if _COMMON in line else None
    return [decode_utf8(reference[1])] if reference else []


ANALYZER: Final = Analyzer(
    name="dpkg-license",
    version=1,
    kind="os",
    paths=("usr/share/doc/*/copyright",),
    parse=_parse,
)
