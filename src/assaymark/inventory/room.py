"""How much of one package database is kept in memory.

A file that is within its own bound can still name a million things: dependencies that every package repeats,
provisions, one long folder in front of half a million files. Three accounts, with their bounds in `assaymark.limits`:

1. *lists* (dependencies, provisions, licences): what does not fit is left out, and that is said once;
2. *paths* of installed files: likewise;
3. *fields*, everything else: without them a package would be wrong, so the file as a whole is given up.
"""

from __future__ import annotations

from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Input
from assaymark.model.issue import Issue, IssueCode

_WORD_BYTES: Final = 64  # what a short text costs on top of its characters


class Room:
    """The accounts of one file."""

    def __init__(self, source: Input) -> None:
        limits = source.limits
        self._source = source
        self._fields = limits.database_field_bytes
        self._lists = limits.database_list_bytes
        self._paths = limits.installed_files
        self._path_bytes = limits.installed_file_bytes

    def take_field(self, size: int) -> None:
        """Account for a field of `size` bytes.

        Raises:
            LimitError: all fields together are too long.
        """
        self._fields -= size
        if self._fields < 0:
            raise LimitError(f"fields of more than {self._source.limits.database_field_bytes} bytes")

    def has_list(self, size: int, words: int) -> bool:
        """Whether a list of `words` in `size` bytes still fits."""
        if self._lists < 0:
            return False
        self._lists -= size + _WORD_BYTES * words
        if self._lists < 0:
            self._ignored("dependencies and licences beyond what is kept were left out")
        return self._lists >= 0

    def has_list_of(self, words: int, size: int) -> bool:
        """As `has_list`, its arguments in the order of `has_paths`."""
        return self.has_list(size, words)

    def has_path(self, size: int) -> bool:
        """Whether one more path of `size` bytes still fits."""
        return self.has_paths(1, size)

    def has_paths(self, count: int, size: int) -> bool:
        """Whether `count` more paths of `size` bytes together still fit; all of them or none."""
        if self._paths <= 0:
            return False
        fits = count <= self._paths
        self._paths -= count
        self._path_bytes -= size
        if self._paths <= 0 or self._path_bytes < 0:
            self._paths = 0
            limits = self._source.limits
            bound = f"{limits.installed_files} or {limits.installed_file_bytes} bytes"
            self._ignored(f"installed files beyond {bound} were left out")
        return fits and self._path_bytes >= 0

    def _ignored(self, message: str) -> None:
        self._source.report(
            Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=self._source.path, blocking=False)
        )
