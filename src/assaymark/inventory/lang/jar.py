"""Java archives: `.jar`, `.war`, `.ear` and `.par`, in whatever letter case.

What they say of themselves is read by `assaymark.inventory.java.archive`; what has to be looked up in an index of
published archives is left as a question for `assaymark.inventory.java.resolve`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.java.archive import read_archive
from assaymark.inventory.java.resolve import JAR
from assaymark.inventory.java.unique import unique_packages
from assaymark.model.inventory import Application, Found, JavaArchive

_ENDINGS: Final = ("jar", "war", "ear", "par")


def _parse(source: Input) -> Iterator[Found]:
    found = read_archive(source)
    if found.packages and not found.queries:
        yield Application(path=source.path, type=JAR, packages=tuple(unique_packages(found.packages)))
    elif found.queries:
        yield JavaArchive(
            path=source.path,
            packages=tuple(found.packages),
            queries=tuple(found.queries),
            licenses=tuple(found.licenses),
            checksums=source.options.checksums,
        )


ANALYZER: Final = Analyzer(
    name=JAR,
    version=1,
    kind="lang",
    paths=tuple(f"~*.{ending}" for ending in _ENDINGS),
    targets=("image", "rootfs"),
    parse=_parse,
)
