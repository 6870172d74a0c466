"""Licence names: what a package calls its licence, as the SPDX License List (https://spdx.org/licenses) calls it.

Packages declare licences as people write them: `GPLv2+`, `Apache License, Version 2.0`. The rules are the reference's;
the spellings are facts in `data/licenses.txt`, the identifiers and exceptions those of the list.

- A name's key (upper case, without decoration, a trailing version as `-N`) is looked up among the spellings and then
  among the identifiers; what is in neither stays as it is, trimmed.
- GNU licences are printed with `-only` or `-or-later` (https://spdx.dev/learn/handling-license-info), others with `+`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

TEXT_PREFIX: Final = "text://"
"""Stands in front of what is a licence's text and not its name."""
LONGEST: Final = 4_096
"""A longer declaration is a text; no pattern is run on it."""

VERSION: Final = (
    r"([A-UW-Z)])( LICENSE)?[ \t\n\f\r]*[,(-]?[ \t\n\f\r]*(V|V\.|VER|VER\.|VERSION|VERSION-|-)?[ \t\n\f\r]*"
    r"([1-9](\.[0-9])*)[)]?"
)
"""A version behind a name; its groups 1 and 4 are what is kept."""
_VERSION_LAST: Final = re.compile(VERSION + r"\Z")
_GNU: Final = frozenset(
    {"AGPL-1.0", "AGPL-3.0", "GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0"}
    | {f"GFDL-1.{minor}{suffix}" for minor in "123" for suffix in ("", "-invariants", "-no-invariants")}
)


def normalise_all(names: Iterable[str]) -> tuple[str, ...]:
    """Each name normalised; empty ones and repetitions left out."""
    return tuple(dict.fromkeys(name for name in map(normalise, names) if name))


@lru_cache(maxsize=16_384)
def normalise(name: str) -> str:
    """The SPDX identifier of a licence where it is known, else the trimmed name."""
    found = find_license(name)
    return name.strip() if found is None else printed(found[0], later=found[1])


def find_license(name: str) -> tuple[str, bool] | None:
    """The identifier behind a name, and whether it means later versions too; None where it is not known."""
    trimmed = name.strip()
    if len(trimmed) > LONGEST:
        return None
    key, later = standard_key(trimmed)
    found = find_spelling(key)
    if found is not None:
        return found[0], later or found[1]
    known = _identifiers().get(key)
    return None if known is None else (known, later)


def find_spelling(key: str) -> tuple[str, bool] | None:
    """What a spelling stands for, by its key: an identifier, and whether later versions are meant."""
    return _spellings().get(key)


def find_identifier(name: str) -> str:
    """The SPDX identifier that `name` is, in whatever letter case; empty where it is none."""
    return _identifiers().get(name.upper(), "")


def find_exception(name: str) -> str:
    """The exception (what stands behind `WITH`) that `name` is, in whatever letter case; empty where it is none."""
    return _exceptions().get(name.upper(), "")


def standard_key(name: str) -> tuple[str, bool]:
    """What a name is looked up by, and whether it allows later versions."""
    key = " ".join(name.split()).upper()
    if key.startswith("HTTP"):
        return key, False
    key = key.replace("LICENCE", "LICENSE").removeprefix("THE ")
    for suffix in (" LICENSE", " LICENSED", "-LICENSE", "-LICENSED"):
        key = key.removesuffix(suffix)
    if key != "UNLICENSE":
        key = key.removesuffix("LICENSE")
    if key != "UNLICENSED":
        key = key.removesuffix("LICENSED")
    later = False
    for suffix in ("+", "-OR-LATER", " OR LATER"):
        later = later or key.endswith(suffix)
        key = key.removesuffix(suffix)
    for suffix in ("-ONLY", " ONLY"):
        key = key.removesuffix(suffix)
    return _VERSION_LAST.sub(r"\1-\4", key), later


def printed(identifier: str, *, later: bool) -> str:
    """An identifier as licences are printed."""
    if identifier in _GNU:
        return identifier + ("-or-later" if later else "-only")
    return identifier + ("+" if later else "")


@cache
def _spellings() -> dict[str, tuple[str, bool]]:
    """`data/licenses.txt`: key → identifier, and whether it means later versions too."""
    table: dict[str, tuple[str, bool]] = {}
    for line in _data_lines("licenses.txt"):
        identifier, _, keys = line.partition(": ")
        for key in keys.split(" | "):
            table[key] = (identifier.removesuffix("+"), identifier.endswith("+"))
    return table


@cache
def _identifiers() -> dict[str, str]:
    """`data/spdx-ids.txt` by upper-case spelling."""
    return {identifier.upper(): identifier for identifier in _data_lines("spdx-ids.txt")}


@cache
def _exceptions() -> dict[str, str]:
    """`data/spdx-exceptions.txt` by upper-case spelling."""
    return {name.upper(): name for name in _data_lines("spdx-exceptions.txt")}


def _data_lines(name: str) -> list[str]:
    text = (Path(__file__).parent / "data" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
