"""How packages of Maven's repositories are called: `group:artifact`, and with a version `group:artifact:version`."""

from __future__ import annotations

from assaymark.inventory.places import package_id


def package_name(group: str, artifact: str) -> str:
    """Group and artifact."""
    return f"{group}:{artifact}"


def maven_id(name: str, version: str) -> str:
    """The identifier of a version; the name alone where there is none."""
    return package_id(name, version, separator=":")
