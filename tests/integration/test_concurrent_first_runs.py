"""Eight first runs at once on one cache, ten times: one download each time, eighty right answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.crashes import NEW, eight_first_runs
from tests.support.process import Machine
from tests.support.registry import MemoryRegistry

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("round_", range(10))
def test_eight_first_runs(tmp_path: Path, round_: int) -> None:
    with MemoryRegistry() as registry:
        assert eight_first_runs(Machine(tmp_path / str(round_)), registry) == [NEW] * 8
        assert len([path for path in registry.paths("GET") if "/blobs/" in path]) == 1
