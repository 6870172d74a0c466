"""What the inventory of Java archives asks of an index of published ones."""

from __future__ import annotations

from typing import Protocol


class ArchiveIndex(Protocol):
    """Archives of Maven's repositories, by checksum and by name."""

    def has_artifact(self, group: str, artifact: str) -> bool:
        """Whether anything was published under that name."""
        ...

    def find_by_sha1(self, sha1: str) -> tuple[str, str, str] | None:
        """Group, artifact and version of the archive with that checksum (hexadecimal); None where it is not known."""
        ...

    def find_group(self, artifact: str, version: str) -> str:
        """Of the groups that have published that version of an artifact the one with most archives; empty for none."""
        ...


class NoArchives:
    """An index of nothing."""

    def has_artifact(self, group: str, artifact: str) -> bool:  # noqa: ARG002 -- as `ArchiveIndex` has it
        """No."""
        return False

    def find_by_sha1(self, sha1: str) -> tuple[str, str, str] | None:  # noqa: ARG002
        """None."""
        return None

    def find_group(self, artifact: str, version: str) -> str:  # noqa: ARG002
        """None."""
        return ""
