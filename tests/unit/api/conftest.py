"""A program's surroundings, for every test of the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.programs import Surroundings
from tests.support.registry import MemoryRegistry


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Surroundings]:
    """A cache, keys and a registry."""
    with MemoryRegistry() as registry:
        yield Surroundings(tmp_path, registry)
