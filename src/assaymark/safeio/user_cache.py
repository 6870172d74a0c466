"""Where this program keeps what it can get again: one folder, which the reference may share.

It is the folder of `--cache-dir`, else of `ASSAYMARK_CACHE_DIR`, else of `TRIVY_CACHE_DIR`, else `assaymark` in the
user's cache folder as `platformdirs` computes it (which would cost 18 ms to ask, a third of a small scan). What only
this program understands is in the folder `assaymark` in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_VARIABLES: Final = ("ASSAYMARK_CACHE_DIR", "TRIVY_CACHE_DIR")


def cache_root(flag: str, environ: Mapping[str, str]) -> Path:
    """The folder that the user wants; `flag` is the value of `--cache-dir`, empty where it was not given."""
    for value in (flag, *(environ.get(name, "") for name in _VARIABLES)):
        if value:
            return Path(value).expanduser()
    return _user_cache(environ) / "assaymark"


def own_folder(root: Path) -> Path:
    """What is ours in that folder."""
    return root / "assaymark"


def _user_cache(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 -- Path.home() raises where there is none
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    configured = environ.get("XDG_CACHE_HOME", "").strip()
    return Path(configured) if configured else home / ".cache"
