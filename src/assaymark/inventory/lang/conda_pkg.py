"""Packages installed in a conda environment: `envs/<name>/conda-meta/<package>-<version>-<build>.json`.

Specification: https://docs.conda.io/projects/conda/en/stable/dev-guide/deep-dives/solvers.html (prefix data); read are
`name`, `version` and `license`. No advisories exist for conda's packages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.inventory import licenses
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package
from assaymark.safeio.json import fold


def _parse(source: Input) -> Iterator[Found]:
    document = decode_object(source.file.read(source.limits.json_bytes), limits=source.limits, what=source.path)
    members = fold(document, ("name", "version", "license"))
    name, version = _text(members, "name"), _text(members, "version")
    if not name or not version:
        raise ValueError("no name or no version")
    names = tuple(licenses.split(_text(members, "license")))
    package = Package(name=name, version=version, licenses=names, file_path=source.path)
    yield Application(path=source.path, type="conda-pkg", packages=(package,))


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"`{name}` is no text")
    return value or ""


ANALYZER: Final = Analyzer(
    name="conda-pkg",
    version=1,
    kind="lang",
    paths=("*/**/envs/*/**/conda-meta/**/*-*-*.json",),
    targets=("image", "rootfs"),
    is_file=True,
    parse=_parse,
)
