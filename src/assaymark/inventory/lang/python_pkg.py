"""Installed Python packages: `*.dist-info/METADATA` of wheels and `*.egg-info` (`inventory.python.metadata`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.inventory.python.metadata import read_metadata
from assaymark.model.inventory import Application, Found


def _parse(source: Input) -> Iterator[Found]:
    package = read_metadata(file_lines(source), path=source.path, limits=source.limits)
    yield Application(path=source.path, type="python-pkg", packages=(package,))


ANALYZER: Final = Analyzer(
    name="python-pkg",
    version=1,
    kind="lang",
    paths=(
        "**/*.dist-info*/**/METADATA",
        "*EGG-INFO/PKG-INFO",
        "*.egg-info",
        "*.egg-info/PKG-INFO",
        "*.egg-info/METADATA",
    ),
    targets=("image", "rootfs"),
    is_file=True,
    parse=_parse,
)
