"""Names of Python packages (https://packaging.python.org/en/latest/specifications/name-normalization/)."""

from __future__ import annotations

import re
from typing import Final

_SEPARATORS: Final = re.compile(r"[-_.]+")


def normalised_name(name: str) -> str:
    """The spelling under which an index and a lockfile know the package: `ruamel.yaml` is `ruamel-yaml`."""
    return _SEPARATORS.sub("-", name).lower()
