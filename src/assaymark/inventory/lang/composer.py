"""Composer's `composer.lock`, beside which `composer.json` tells what the project itself requires.

Specification: https://getcomposer.org/doc/01-basic-usage.md#composer-lock-the-lock-file and
https://getcomposer.org/doc/04-schema.md. The packages are read in `inventory.php`. With a `composer.json` what it
requires is direct and everything else indirect; without one that is not known. A lockfile that was installed with a
package, below `vendor`, is not the project's.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from assaymark.errors import Error
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.graph import mark_direct
from assaymark.inventory.php.composer_packages import read_composer_packages, read_requirements
from assaymark.model.inventory import Application, Found
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package

_MANIFEST: Final = "composer.json"
_NOT_INSTALLED: Final = "!**/vendor/**"


def _parse(source: Input) -> Iterator[Found]:
    packages = _related(read_composer_packages(source), source)
    if packages:
        yield Application(path=source.path, type="composer", packages=tuple(packages))


def _related(packages: list[Package], source: Input) -> list[Package]:
    manifest = source.tree.find(posixpath.join(posixpath.dirname(source.path), _MANIFEST))
    if manifest is None:
        return packages
    try:
        required = read_requirements(manifest, source)
    except (Error, ValueError) as exc:
        message = f"composer: direct dependencies not known: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=manifest.path, blocking=False))
        return packages
    return mark_direct(packages, {package.id for package in packages if package.name in required})


ANALYZER: Final = Analyzer(
    name="composer",
    version=1,
    kind="lang",
    paths=("composer.lock", _NOT_INSTALLED),
    needs=(_MANIFEST, _NOT_INSTALLED),
    targets=("fs", "repo"),
    parse=_parse,
)
