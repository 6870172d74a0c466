"""Kill -9 at fifty moments of database updates: the next run gives the right answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.support.killing import check_after_a_kill, killed_while_updating

from assaymark.advisories.cache import CacheFolder

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.mark.parametrize("moment", range(50))
def test_a_kill_at_any_moment_leaves_a_whole_database(tmp_path: Path, moment: int) -> None:
    cache = CacheFolder(tmp_path / "cache")
    for turn in range(2):  # the second process finds what the first one left
        seconds = random.Random(moment * 2 + turn).uniform(0.0, 0.08)
        killed_while_updating(cache, exchanging=moment % 2 == 0, seconds=seconds)
        check_after_a_kill(cache)
