"""Which paths `--skip-dirs` and `--skip-files` take out.

A value is a path or a pattern (`assaymark.safeio.doublestar`), matched against a whole path below the root. What is no
pattern is a path.

In an image values are taken from the root (`/` in front is dropped). For a directory on the host: a relative value
that, seen from the working directory, lies outside the scanned root is relative to the root; every other one is
converted to a path relative to the root.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from assaymark.safeio.doublestar import Pattern, compile_pattern


class SkipRules:
    """Compiled values of one flag."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """Compile patterns that are relative to the root."""
        self._exact: set[str] = set()
        self._patterns: list[Pattern] = []
        for text in patterns:
            try:
                self._patterns.append(compile_pattern(text))
            except ValueError:
                self._exact.add(text)

    def __bool__(self) -> bool:
        return bool(self._exact or self._patterns)

    def match(self, path: str) -> bool:
        """Whether the whole of `path` is meant."""
        return path in self._exact or any(pattern.matches(path) for pattern in self._patterns)


def skip_rules(values: Iterable[str], root: Path | None = None, *, working: Path | None = None) -> SkipRules:
    """The rules that a flag's values make.

    Args:
        values: as typed.
        root: the scanned directory; None for an image.
        working: the working directory; the process's own where None.
    """
    if root is not None:
        here = str(working or Path.cwd())
        values = [_below_root(value, os.path.normpath(Path(here) / root), here) for value in values]
    return SkipRules(posixpath.normpath(value.lstrip("/") or "/").lstrip("/") for value in values)


def _below_root(value: str, root: str, here: str) -> str:
    relative = os.path.relpath(Path(here) / value, root)
    return value if relative.startswith("..") and not Path(value).is_absolute() else relative


NO_SKIPS: Final = SkipRules()
