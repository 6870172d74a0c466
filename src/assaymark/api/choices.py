"""What one call of `assaymark.scan` was asked, checked, and in the words of the command line for records."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from assaymark.advisories.published import DEFAULT_JAVA_REPOSITORIES, DEFAULT_REPOSITORIES
from assaymark.inventory.select import PKG_TYPES
from assaymark.matching.filters import ALL_SEVERITIES, UNFIXED

Kind = Literal["image", "archive", "directory", "rootfs", "repository", "sbom"]
Database = Literal["update", "cached", "sample"]

_TARGETS: Final = {"archive": "image", "directory": "fs", "repository": "repo"}
"""The commands by which reports and records know what the API names otherwise."""
WITH_SYSTEM: Final = frozenset({"image", "rootfs"})
STATUSES: Final = UNFIXED | {"fixed"}


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of `scan` was asked; the fields are its parameters."""

    kind: Kind
    platform: str
    sources: tuple[str, ...]
    database: Database
    database_repositories: tuple[str, ...]
    java_database_repositories: tuple[str, ...]
    severities: tuple[str, ...]
    ignore_unfixed: bool
    ignore_statuses: tuple[str, ...]
    ignore_file: str
    findings_policy: str
    vex: tuple[str, ...]
    pkg_types: tuple[str, ...]
    skip_dirs: tuple[str, ...]
    skip_files: tuple[str, ...]
    checksums: bool

    @property
    def target(self) -> str:
        """The command that does the same."""
        return _TARGETS.get(self.kind, self.kind)

    @property
    def ignored_statuses(self) -> frozenset[str]:
        """Those of findings that are not reported."""
        return frozenset(self.ignore_statuses) | (UNFIXED if self.ignore_unfixed else frozenset())


def recorded_flags(choices: Choices, *, offline: bool) -> dict[str, object]:
    """The flags of the command line that say the same, as far as they are no defaults: what a record tells."""
    said: dict[str, object] = {
        "platform": choices.platform,
        "image-src": choices.sources if choices.kind == "image" and choices.sources != ("remote",) else (),
        "sample-db": choices.database == "sample",
        "skip-db-update": choices.database == "cached",
        "severity": choices.severities if frozenset(choices.severities) != ALL_SEVERITIES else (),
        "ignore-unfixed": choices.ignore_unfixed,
        "ignore-status": choices.ignore_statuses,
        "ignorefile": choices.ignore_file,
        "findings-policy": choices.findings_policy,
        "vex": choices.vex,
        "pkg-types": choices.pkg_types if choices.pkg_types != tuple(sorted(PKG_TYPES)) else (),
        "skip-dirs": choices.skip_dirs,
        "skip-files": choices.skip_files,
        "offline": offline,
        "db-repository": choices.database_repositories if choices.database_repositories != DEFAULT_REPOSITORIES else (),
        "java-db-repository": (
            choices.java_database_repositories
            if choices.java_database_repositories != DEFAULT_JAVA_REPOSITORIES
            else ()
        ),
    }
    return {name: value for name, value in said.items() if value}
