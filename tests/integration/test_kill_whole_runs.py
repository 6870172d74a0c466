"""Kill -9 at fifty random moments of a scan, and at fifty of a database update: the next run gives the right answer.

The moments are those of `random.Random(n)` for n from 0 to 49; a failure names the one that it needs.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.crashes import ScanCrash, SwapCrash
from tests.support.process import Machine
from tests.support.registry import MemoryRegistry

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]
MOMENTS = 50


def test_fifty_killed_scans(tmp_path: Path) -> None:
    crash = ScanCrash(Machine(tmp_path))

    killed = sum(crash.once(moment) for moment in range(MOMENTS))

    print(f"{killed} of {MOMENTS} scans were killed, seeds 0 to {MOMENTS - 1}")
    assert killed > MOMENTS // 2


def test_fifty_killed_updates(tmp_path: Path) -> None:
    with MemoryRegistry() as registry:
        crash = SwapCrash(Machine(tmp_path), registry)

        killed = sum(crash.once(moment) for moment in range(MOMENTS))

    print(f"{killed} of {MOMENTS} updates were killed, seeds 0 to {MOMENTS - 1}")
    assert killed > MOMENTS // 2
