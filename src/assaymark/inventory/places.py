"""What a package of a language is called, and one package that stands in several places of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from assaymark.model.package import Package, Relationship


def package_id(name: str, version: str, *, separator: str = "@") -> str:
    """Name and version as the report joins them, mostly with `@`; the name alone where there is no version."""
    return f"{name}{separator}{version}" if version else name


def merge_places(packages: Iterable[Package]) -> list[Package]:
    """Each ID once: all its places, for development only if everywhere, direct if anywhere, the first licences."""
    places: dict[str, list[Package]] = {}
    for package in packages:
        places.setdefault(package.id, []).append(package)
    return [_merged(group) for group in places.values()]


def _merged(group: Sequence[Package]) -> Package:
    first = group[0]
    is_direct = any(package.relationship is Relationship.DIRECT for package in group)
    locations = [location for package in group for location in package.locations]
    return msgspec.structs.replace(
        first,
        dev=all(package.dev for package in group),
        relationship=Relationship.DIRECT if is_direct else first.relationship,
        locations=tuple(sorted(locations, key=lambda location: location.start_line)),
        licenses=next((package.licenses for package in group if package.licenses), ()),
    )
