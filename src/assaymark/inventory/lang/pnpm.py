"""pnpm's `pnpm-lock.yaml` (https://github.com/pnpm/spec/tree/master/lockfile), versions 5, 6 and 9.

1. A file may hold several documents. Those that describe the environment (an importer with `configDependencies` or
   `packageManagerDependencies`) are passed over; the first other one counts.
2. The form follows from `lockfileVersion` (`nodejs.pnpm_packages` up to 8, `nodejs.pnpm_snapshots` from 9). Versions
   before 5.1 wrote a whole number, and those files are not read: that is said.
3. Licences are read from the `package.json` files under the `node_modules` beside the lockfile, pnpm's store included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.nodejs.installed import fill_licenses
from assaymark.inventory.nodejs.pnpm_packages import read_packages
from assaymark.inventory.nodejs.pnpm_snapshots import read_snapshots
from assaymark.model.inventory import Application, Found
from assaymark.safeio.yaml import decode_yaml_documents

_ENVIRONMENT: Final = ("configDependencies", "packageManagerDependencies")
_VERSION: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_WHOLE_NUMBER: Final = re.compile(rb"^lockfileVersion:[ \t]*[0-9]+[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_SNAPSHOTS_SINCE: Final = 9


def _parse(source: Input) -> Iterator[Found]:
    limits = source.limits
    data = source.file.read(limits.json_bytes)
    document = _project(decode_yaml_documents(data, limits=limits, what=source.path))
    if document is None:
        return
    version = _lockfile_version(document, data)
    read = read_snapshots if version >= _SNAPSHOTS_SINCE else read_packages
    packages = read(document, version)
    if len(packages) > limits.packages_per_file:
        raise LimitError(f"more than {limits.packages_per_file} packages")
    if packages:
        yield Application(path=source.path, type="pnpm", packages=tuple(fill_licenses(packages, source)))


def _project(documents: Iterable[Any]) -> dict[str, Any] | None:
    """Rule 1; None where there is no such document."""
    for document in documents:
        if not isinstance(document, dict):
            raise ArtifactError("not a lockfile of pnpm")
        importers = document.get("importers")
        members = [each for each in importers.values() if isinstance(each, dict)] if isinstance(importers, dict) else []
        if not any(each.get(name) is not None for each in members for name in _ENVIRONMENT):
            return document
    return None


def _lockfile_version(document: dict[str, Any], data: bytes) -> float:
    """Rule 2."""
    version = document.get("lockfileVersion")
    if not isinstance(version, str) or not _VERSION.fullmatch(version) or _WHOLE_NUMBER.search(data):
        raise ValueError(f"lockfiles of pnpm of version `{str(version)[:40]}` are not read")
    return float(version)


ANALYZER: Final = Analyzer(
    name="pnpm",
    version=1,
    kind="lang",
    paths=("pnpm-lock.yaml", "!**/node_modules/**"),
    needs=("**/node_modules/**/package.json",),
    targets=("fs", "repo"),
    parse=_parse,
)
