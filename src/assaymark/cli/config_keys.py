"""The keys of a configuration file, which are Trivy's names of its flags: a table in `config_keys.txt`."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def flags_by_key() -> dict[str, str]:
    """Flags without their dashes by their keys, in the keys' order; `-` for what changes nothing here."""
    lines = Path(__file__).with_name("config_keys.txt").read_text(encoding="ascii").splitlines()
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {key: flag for key, _, flag in pairs}
