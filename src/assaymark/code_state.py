"""The state of the program's own files: what other code remembered is not believed.

Versions of analysers and formats are raised by people who change them. What depends on hundreds of files at once (the
patterns of all analysers, all version orders, all drivers) is remembered under their names, sizes and times instead, so
that neither an upgrade nor an edit can meet results of the code before it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from assaymark.version import __version__

DECIDING: Final = ("advisories", "inventory", "matching", "model", "versions")
"""The folders whose code decides what is found."""


@cache
def code_state() -> str:
    """A digest of the files that decide what is found, in hexadecimal; empty where they are not files on disk."""
    return state_of(Path(__file__).parent)


def state_of(package: Path) -> str:
    """A digest of the version and of what the files below `package` are; empty where there are none."""
    lines = [__version__]
    for folder in DECIDING:
        lines += sorted(_described(package / folder))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if len(lines) > 1 else ""


def _described(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        yield from _described(Path(entry.path))
                else:
                    about = entry.stat()
                    yield f"{entry.path} {about.st_size} {about.st_mtime_ns}"
    except OSError:
        return  # inside an archive, for one
