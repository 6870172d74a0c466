"""What signing loads before it has anything to do: no library that is slow to import, no scanner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[4] / "src"
SLOW = ("cryptography", "nacl", "urllib3", "rfc3161_client", "webbrowser", "tuf", "rich", "yaml")
NEVER = ("assaymark.scan", "assaymark.layers", "assaymark.inventory", "assaymark.advisories", "assaymark.matching")


@pytest.mark.parametrize("module", ["sign", "oidc.sources", "signing_config", "pending", "disclosure"])
def test_nothing_slow_is_loaded(module: str) -> None:
    script = f"import sys, assaymark.attest.sigstore.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert [name for name in loaded if name.split(".")[0] in SLOW or name.startswith(NEVER)] == []
