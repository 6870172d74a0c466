"""sbt's `build.sbt.lock`, as the plug-in sbt-dependency-lock writes it.

(https://stringbean.github.io/sbt-dependency-lock/file-formats/version-1.html)

Rules: of the dependencies those count that the configurations `compile` or `runtime` name; the package is called
`organisation:name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.documents import decode_object
from assaymark.inventory.java.names import maven_id
from assaymark.inventory.json_lines import EACH, located, object_lines
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Location, Package
from assaymark.safeio.json import fold
from assaymark.safeio.text import decode_utf8

_SECTION: Final = "dependencies"
_LOCATED: Final = located((_SECTION, EACH))
_NAMES: Final = ("org", "name", "version", "configurations")
_INSTALLED: Final = frozenset({"compile", "runtime"})


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.json_bytes)
    entries = decode_object(data, limits=source.limits, what=source.path).get(_SECTION)
    if entries is None:
        return
    if not isinstance(entries, list):
        raise ArtifactError(f"`{_SECTION}` is no list")
    if len(entries) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    lines = object_lines(decode_utf8(data), _LOCATED)
    packages = (_find_package(entry, lines.get((_SECTION, number))) for number, entry in enumerate(entries))
    found = tuple(package for package in packages if package)
    if found:
        yield Application(path=source.path, type="sbt", packages=found)


def _find_package(entry: Any, location: Location | None) -> Package | None:
    """The package that an entry names; None where the project is built without it."""
    fields = fold(entry, _NAMES) if isinstance(entry, dict) else {}
    configurations = fields.get("configurations") or []
    texts = [fields.get(name) or "" for name in ("org", "name", "version")]
    if (
        not isinstance(entry, dict)
        or not isinstance(configurations, list)
        or not all(isinstance(t, str) for t in texts)
    ):
        raise ArtifactError("a dependency is not written as the format says")
    if _INSTALLED.isdisjoint(word for word in configurations if isinstance(word, str)):
        return None
    organisation, name, version = texts
    name = f"{organisation}:{name}"
    return Package(id=maven_id(name, version), name=name, version=version, locations=(location,) if location else ())


ANALYZER: Final = Analyzer(
    name="sbt-lockfile",
    version=1,
    kind="lang",
    paths=("build.sbt.lock",),
    targets=("fs", "repo"),
    application="sbt",
    parse=_parse,
)
