"""Runs a piece of Python in a process of its own and says how much memory it took at its peak."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

MIB = 1024 * 1024

_PEAK = """
def _peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
"""


def run_measured(code: str, *arguments: str | Path, timeout: float = 60) -> tuple[Any, int]:
    """What `code` leaves in `result`, and the peak of its resident memory in bytes.

    The high-water mark is the process's own: `ru_maxrss` would be inherited from this one.
    """
    program = f"import json, sys\n{_PEAK}\n{code}\nprint(json.dumps([result, _peak()]))"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    result, peak = json.loads(done.stdout)
    return result, peak
