"""Kill -9 at six moments of a scan and six of a database update; fifty each are among the integration tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.crashes import NEW, ScanCrash, SwapCrash, eight_first_runs
from tests.support.process import Machine
from tests.support.registry import MemoryRegistry


@pytest.mark.slow
def test_a_killed_scan_costs_nothing(tmp_path: Path) -> None:
    crash = ScanCrash(Machine(tmp_path))

    assert sum(crash.once(moment) for moment in range(6)) >= 3


@pytest.mark.slow
def test_a_killed_update_leaves_the_old_database_or_the_new_one(tmp_path: Path) -> None:
    with MemoryRegistry() as registry:
        crash = SwapCrash(Machine(tmp_path), registry)

        assert sum(crash.once(moment) for moment in range(6)) >= 3


@pytest.mark.slow
def test_eight_first_runs_download_once(tmp_path: Path) -> None:
    with MemoryRegistry() as registry:
        assert eight_first_runs(Machine(tmp_path), registry) == [NEW] * 8
        assert len([path for path in registry.paths("GET") if "/blobs/" in path]) == 1
