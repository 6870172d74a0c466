"""The flags that the peers' programs name in their own `--help`, in the two forms that they print."""

from __future__ import annotations

import re
import subprocess
from typing import Final

from scripts.drop_in import PeerFlag

_TRIVY: Final = re.compile(r"^  (?:-(\w), |    )--([\w-]+)( \S+)?(?: {2,}|$)", re.MULTILINE)
_COSIGN: Final = re.compile(r"^    (?:-(\w), )?--([\w-]+)=(.*):$", re.MULTILINE)


def told_flags(tool: str, command: str) -> set[PeerFlag]:
    """Those of `TOOL COMMAND --help`."""
    text = subprocess.run(
        [tool, *command.split(), "--help"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    found = {
        PeerFlag(f"--{name}", f"-{short}" if short else "", not kind) for short, name, kind in _TRIVY.findall(text)
    }
    found |= {
        PeerFlag(f"--{name}", f"-{short}" if short else "", default in ("true", "false"))
        for short, name, default in _COSIGN.findall(text)
    }
    return {flag for flag in found if flag.name != "--help"}


def knows(tool: str, command: str, flag: str) -> bool:
    """Whether the program takes a flag that it does not tell of."""
    done = subprocess.run([tool, *command.split(), f"{flag}=1", "--help"], capture_output=True, timeout=60, check=False)
    return done.returncode == 0
