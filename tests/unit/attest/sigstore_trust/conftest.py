"""A machine whose release knows an instance of the tests' own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.trust_machine import Machine

from assaymark.attest.sigstore import initialize, trust_cache, trust_data


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "sigstore")
    for module in (trust_cache, trust_data, initialize):
        monkeypatch.setattr(module, "public_good", lambda: made.facts)
    return made
