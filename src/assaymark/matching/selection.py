"""Which packages take part, before anything is looked up.

1. Packages outside the asked relationships are taken out, of the operating system too.
2. Development dependencies are taken out of applications, and out of what root and workspace packages depend on.
"""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.model.inventory import Application, Inventory
from assaymark.model.package import Package, Relationship

ALL_RELATIONSHIPS: Final = frozenset(Relationship)
_PARENTS: Final = frozenset({Relationship.ROOT, Relationship.WORKSPACE})


class MatchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to match, and whose severities count.

    Attributes:
        pkg_types: `os`, `library` or both.
        relationships: packages of these only.
        include_dev_deps: whether development dependencies take part.
        severity_sources: in order; `auto` is the choice of the advisory's own source.
        expects_os: whether an artifact of this kind should hold an operating system (an image, a root file system).
    """

    pkg_types: frozenset[str] = frozenset({"os", "library"})
    relationships: frozenset[Relationship] = ALL_RELATIONSHIPS
    include_dev_deps: bool = False
    severity_sources: tuple[str, ...] = ("auto",)
    expects_os: bool = False


def selected(inventory: Inventory, options: MatchOptions) -> Inventory:
    """The inventory without the packages that do not take part."""
    packages, applications = inventory.packages, inventory.applications
    if options.relationships != ALL_RELATIONSHIPS:
        packages = _related(packages, options.relationships)
        applications = tuple(
            msgspec.structs.replace(each, packages=_related(each.packages, options.relationships))
            for each in applications
        )
    if not options.include_dev_deps:
        applications = tuple(map(_without_development, applications))
    return msgspec.structs.replace(inventory, packages=packages, applications=applications)


def _related(packages: tuple[Package, ...], relationships: frozenset[Relationship]) -> tuple[Package, ...]:
    return tuple(package for package in packages if package.relationship in relationships)


def _without_development(application: Application) -> Application:
    development = {package.id for package in application.packages if package.dev}
    if not development:
        return application
    kept = (package for package in application.packages if not package.dev)
    return msgspec.structs.replace(application, packages=tuple(_pruned(package, development) for package in kept))


def _pruned(package: Package, development: set[str]) -> Package:
    if package.relationship not in _PARENTS or development.isdisjoint(package.depends_on):
        return package
    return msgspec.structs.replace(
        package, depends_on=tuple(name for name in package.depends_on if name not in development)
    )
