"""Conda's `environment.yml` (https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html).

1. An element of `dependencies` is a specification, or an object whose first member (`pip`) lists specifications;
   another value, also a number or a date, makes the file an error, and so does a key that comes twice.
2. A specification is a name, and behind blanks or `=` the version and the build: `numpy=1.8.1=py27_0`. With another
   operator, or a pattern in place of the version, the version is not known, and the name stays alone.
3. Licences are not looked up: they stand in the environment's own folder, on the machine that made it.

No advisories exist for conda's packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from assaymark.errors import ArtifactError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Location, Package
from assaymark.safeio.yaml import Placed, locate_yaml
from assaymark.versions.generic import SCHEME
from assaymark.versions.scheme import VersionError

_SECTION: Final = "dependencies"
_SPACED: Final = str.maketrans({">": " >", "<": " <", "=": " "})
_NOT_TEXT: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?"
    r"|0[box][0-9a-f_]+|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|true|false",
    re.IGNORECASE,
)


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.configuration_bytes)
    bounds = replace(source.limits, yaml_nodes=source.limits.packages_per_file)  # values with their places are large
    root = locate_yaml(data, limits=bounds, what=source.path)
    packages = tuple(_package(each) for each in _specifications(root) if _words(each))
    if packages:
        yield Application(path=source.path, type="conda-environment", packages=packages)


def _specifications(root: Placed) -> Iterator[Placed]:
    """Rule 1."""
    if not isinstance(root.value, tuple):
        raise ArtifactError("not an environment of conda: it is no object")
    keys = [key.value for key, _ in root.value if isinstance(key.value, str)]
    if len(set(keys)) < len(keys):
        raise ArtifactError("not an environment of conda: it has a key twice")
    section = next((item for key, item in root.value if key.value == _SECTION), None)
    if section is None or section.value is None:
        return
    for each in _elements(section):
        if isinstance(each.value, tuple):
            for _, item in each.value[:1]:
                yield from map(_checked, _elements(item))
        elif each.value is not None:
            yield _checked(each)


def _elements(placed: Placed) -> list[Placed]:
    if not isinstance(placed.value, list):
        raise ArtifactError(f"line {placed.line}: not a list of dependencies")
    return placed.value


def _checked(placed: Placed) -> Placed:
    if not isinstance(placed.value, str) or _NOT_TEXT.fullmatch(placed.value):
        raise ArtifactError(f"line {placed.line}: not a dependency")
    return placed


def _package(placed: Placed) -> Package:
    """Rule 2."""
    name, *rest = _words(placed)
    version = rest[0] if rest and _is_version(rest[0]) else ""
    return Package(name=name, version=version, locations=(Location(start_line=placed.line, end_line=placed.line),))


def _words(placed: Placed) -> list[str]:
    return str(placed.value).translate(_SPACED).split()


def _is_version(text: str) -> bool:
    try:
        SCHEME.key(text)
    except VersionError:
        return False
    return True


ANALYZER: Final = Analyzer(
    name="conda-environment",
    version=1,
    kind="lang",
    paths=("environment.yml", "environment.yaml"),
    targets=("fs", "repo"),
    parse=_parse,
)
