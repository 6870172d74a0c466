"""assaymark: scan container images, prove the result, verify the proof.

The public names resolve lazily, so that `import assaymark` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaymark.version import __version__

if TYPE_CHECKING:
    from assaymark.errors import Error

__all__ = ["Error", "__version__"]

_HOMES = {"Error": "assaymark.errors"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module `assaymark` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
