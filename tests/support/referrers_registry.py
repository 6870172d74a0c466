"""A registry with the referrers API that others wrote: the server of CUE's OCI packages, content in memory.

`ociserver/` is a program of a few lines around it. Go builds it in a folder of the run, with the dependency at the version
and checksum that are written down beside it; without Go, or without the module, what needs it is skipped and says so.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from tests.support.peers import free_port, serving

NEEDS_GO: Final = pytest.mark.skipif(shutil.which("go") is None, reason="go is not on PATH")
_SOURCES: Final = Path(__file__).parent / "ociserver"


@contextmanager
def referrers_registry(folder: Path) -> Iterator[str]:
    """The registry on loopback, built and run in `folder`; its `host:port`."""
    address = f"127.0.0.1:{free_port()}"
    with serving([str(_built(folder)), address], address, folder / "log"):
        yield address


def _built(folder: Path) -> Path:
    sources = shutil.copytree(_SOURCES, folder / "ociserver")
    program = sources / "ociserver"
    done = subprocess.run(
        ["go", "build", "-mod=readonly", "-o", str(program), "."],
        cwd=sources,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the registry with the referrers API could not be built: {done.stderr.strip()}")
    return program
