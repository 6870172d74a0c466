"""Installed PHP packages: the `installed.json` that Composer 2 keeps in `vendor/composer`.

Its packages are written as in `composer.lock` (`inventory.php`); what the project itself requires is not in it.
Composer 1 wrote a bare list, which the reference cannot read either; it becomes an issue.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.php.composer_packages import read_composer_packages
from assaymark.model.inventory import Application, Found


def _parse(source: Input) -> Iterator[Found]:
    packages = read_composer_packages(source)
    if packages:
        yield Application(path=source.path, type="composer-vendor", packages=tuple(packages))


ANALYZER: Final = Analyzer(
    name="composer-vendor",
    version=1,
    kind="lang",
    paths=("installed.json",),
    targets=("image", "rootfs"),
    parse=_parse,
)
