"""Other versions of Python on this machine that have what the program needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from typing import Final

VARIABLE: Final = "ASSAYMARK_TEST_PYTHONS"
"""Interpreters with the dependencies installed, with `:` between them; without it those on PATH are looked at."""

_NEEDS: Final = (
    "import cryptography, isal, msgspec, nacl, packaging, platformdirs, re2, rfc3161_client, rich, tuf, urllib3, yaml,"
    " zstandard, sys; print('%d.%d' % sys.version_info[:2])"
)


@cache
def other_pythons() -> dict[str, str]:
    """Version → interpreter, of versions other than that of this process."""
    named = os.environ.get(VARIABLE, "")
    candidates = named.split(os.pathsep) if named else [f"python3.{minor}" for minor in range(11, 16)]
    found: dict[str, str] = {}
    for candidate in candidates:
        path = shutil.which(candidate)
        if path is not None:
            ended = subprocess.run([path, "-c", _NEEDS], capture_output=True, text=True, timeout=60, check=False)
            if ended.returncode == 0:
                found.setdefault(ended.stdout.strip(), path)
    found.pop("{}.{}".format(*sys.version_info[:2]), None)
    return found
