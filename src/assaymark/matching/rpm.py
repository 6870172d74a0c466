"""What the rpm families share: one comparison, names of modules, advisories by architecture.

1. A package is vulnerable while its version comes before the advisory's fixed one, in rpm's order.
2. A package of a module is looked up as `<module>:<stream>::<name>`; the module's label says which.
3. An advisory with entries stands for those that list the package's architecture; one without stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from assaymark.matching.driver import Match, OsTarget, advised, is_before_fix
from assaymark.model.advisory import Advisory, DataSource
from assaymark.model.package import Package
from assaymark.versions.scheme import load_scheme

_NO_RECORD: Final = DataSource()
"""What findings of these families carry where the database has no record of the source: nothing, printed as `{}`."""


def modular_name(package: Package) -> str:
    """`nodejs:12::npm` of `npm` in the module `nodejs:12:8030020201124152102:229f0a1c`; else the package's own name."""
    parts = package.modularitylabel.split(":", 2)
    return f"{parts[0]}:{parts[1]}::{package.name}" if len(parts) > 2 else package.name


def by_architecture(package: Package, advisory: Advisory) -> Iterator[Advisory]:
    """What an advisory says of the package's architecture, rule 3."""
    stated = msgspec.structs.replace(advisory, data_source=advisory.data_source or _NO_RECORD, entries=())
    if not advisory.entries:
        yield stated
    for entry in advisory.entries:
        if package.arch in entry.arches:
            yield msgspec.structs.replace(stated, fixed_version=entry.fixed_version, custom=entry.custom)


def fixed_later(
    target: OsTarget,
    bucket: str,
    *,
    name: Callable[[Package], str],
    statements: Callable[[Package, Advisory], Iterable[Advisory]] = lambda _, advisory: (advisory,),
    printed: Callable[[str], str] = str,
) -> Iterator[Match]:
    """Rule 1.

    Args:
        target: the packages.
        bucket: the advisories.
        name: what a package is looked up as.
        statements: what an advisory says of a package.
        printed: the fixed version as the finding prints it.
    """
    scheme = load_scheme("rpm")
    pairs = advised(target, bucket, scheme, name=name, version=lambda package: package.full_version)
    for package, advisory, version in pairs:
        for each in statements(package, advisory):
            if is_before_fix(target, scheme, version, advisory=each):
                yield Match(package=package, advisory=each, installed=version, fixed=printed(each.fixed_version))
