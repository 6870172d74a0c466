"""Python's `Pipfile.lock` (https://pipenv.pypa.io/en/latest/pipfile.html).

Rules: only the section `default` counts, because `develop` is not installed with the project; the version is what
stands behind `==`; a package without one (from a repository or a folder) has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.json_lines import EACH, located, object_lines
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Location, Package
from assaymark.safeio.json import decode_go
from assaymark.safeio.text import decode_utf8

_SECTION: Final = "default"
_LOCATED: Final = located((_SECTION, EACH))


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.json_bytes)
    document = decode_go(data, limits=source.limits, what=source.path)
    section = document.get(_SECTION) if isinstance(document, dict) else None
    if not isinstance(section, dict):
        raise ArtifactError("not a Pipfile.lock: it has no section `default`")
    if len(section) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    lines = object_lines(decode_utf8(data), _LOCATED)
    packages = tuple(_package(name, entry, lines.get((_SECTION, name))) for name, entry in section.items())
    if packages:
        yield Application(path=source.path, type="pipenv", packages=packages)


def _package(name: str, entry: Any, location: Location | None) -> Package:
    version = entry.get("version") if isinstance(entry, dict) else None
    return Package(
        name=name,
        version=version.lstrip("=") if isinstance(version, str) else "",
        locations=(location,) if location else (),
    )


ANALYZER: Final = Analyzer(
    name="pipenv", version=1, kind="lang", paths=("Pipfile.lock",), targets=("fs", "repo"), parse=_parse
)
