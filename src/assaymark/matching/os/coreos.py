"""CoreOS: its packages are listed, nobody publishes advisories, and the report says so."""

from __future__ import annotations

from typing import Final

from assaymark.matching.driver import Driver

DRIVER: Final = Driver(
    families=("coreos",), buckets=lambda _: ("coreos",), lifecycle=lambda _: "", detect=lambda _: iter(())
)
