"""Licence names: one declared text into several licences, and each into its SPDX identifier where it has one.

Packages declare licences as people write them: `GPLv2+`, `Apache License, Version 2.0`, `BSD 3-Clause and MIT`. The
rules are the reference's; the spellings are facts in `data/licenses.txt`, the identifiers those
of the SPDX License List in `data/spdx-ids.txt`.

- `split` cuts at commas and at the words `and` and `or`. A text that reads like a licence itself stays whole, behind
  `text://`.
- `split_lax` cuts at blanks, as apk's `L:` field wants it.
- `normalise` maps one name: its key (upper case, without decoration, a trailing version as `-N`) is looked up among the
  spellings and then among the identifiers; what is in neither stays as it is, trimmed.
- GNU licences are printed with `-only` or `-or-later` (https://spdx.dev/learn/handling-license-info), others with `+`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

TEXT_PREFIX: Final = "text://"

_SEPARATOR: Final = re.compile(r",?[_ ]+(?:or|and)[_ ]+|,[ ]*")
_VERSION: Final = (
    r"([A-UW-Z)])( LICENSE)?[ \t\n\f\r]*[,(-]?[ \t\n\f\r]*(V|V\.|VER|VER\.|VERSION|VERSION-|-)?[ \t\n\f\r]*"
    r"([1-9](\.[0-9])*)[)]?"
)
_VERSION_ANYWHERE: Final = re.compile(_VERSION, re.IGNORECASE)
_VERSION_LAST: Final = re.compile(_VERSION + r"\Z")

_TEXT_MARKS: Final = (
    "http://",
    "https://",
    "(c)",
    "as-is",
    ";",
    "hereby",
    "permission to use",
    "permission is",
    "use in source",
    "use, copy, modify",
    "using",
)
_GNU: Final = frozenset(
    {"AGPL-1.0", "AGPL-3.0", "GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0"}
    | {f"GFDL-1.{minor}{suffix}" for minor in "123" for suffix in ("", "-invariants", "-no-invariants")}
)
_CLASSIFIERS: Final = {  # names of Python classifiers that hold a separator, by the word behind it
    "lesser": "GNU Library or Lesser General Public License (LGPL)",
    "distribution": "Common Development and Distribution License 1.0 (CDDL-1.0)",
    "disclaimer": "Historical Permission Notice and Disclaimer (HPND)",
}
_LONGEST: Final = 4_096  # a longer declaration is a text; the version pattern is not run on it


def split(text: str) -> list[str]:
    """The licences that a declaration names, as it spells them."""
    if not text:
        return []
    lower = text.lower()
    if len(text) > _LONGEST or any(mark in lower for mark in _TEXT_MARKS):
        return [TEXT_PREFIX + text]
    names: list[str] = []
    for piece in _SEPARATOR.split(text):
        word = piece.lower().partition(" ")[0]
        if not names:
            names.append(piece)
        elif word in {"ver", "version"}:  # `Apache License, Version 2.0`
            names[-1] += f", {piece}"
        elif word == "later":  # `GNU General Public License v2 or later (GPLv2+)`
            names[-1] += f" or {piece}"
        elif word in _CLASSIFIERS:
            if _CLASSIFIERS[word] in {f"{names[-1]} or {piece}", f"{names[-1]} and {piece}"}:
                names[-1] = _CLASSIFIERS[word]
        else:
            names.append(piece)
    return names


@lru_cache(maxsize=4_096)
def split_lax(text: str) -> tuple[str, ...]:
    """The normalised licences of an expression whose names hold no blanks, `A WITH B` kept together."""
    names: list[str] = []
    after_with = False
    shortened = _VERSION_ANYWHERE.sub(r"\1-\4", text) if len(text) <= _LONGEST else text
    for word in shortened.split():
        name = word.strip("()")
        if name in {"", "AND", "OR"}:
            continue
        if name == "WITH":
            after_with = True
        elif after_with and names:
            names[-1] += f" WITH {normalise(name)}"
            after_with = False
        else:
            names.append(normalise(name))
    return tuple(names)


def normalise_all(names: Iterable[str]) -> tuple[str, ...]:
    """Each name normalised; empty ones and repetitions left out."""
    return tuple(dict.fromkeys(name for name in map(normalise, names) if name))


@lru_cache(maxsize=16_384)
def normalise(name: str) -> str:
    """The SPDX identifier of a licence where it is known, else the trimmed name."""
    trimmed = name.strip()
    if len(trimmed) > _LONGEST:
        return trimmed
    key, later = standard_key(trimmed)
    found = _spellings().get(key)
    if found is not None:
        identifier, implied = found
        return _printed(identifier, later=later or implied)
    known = _identifiers().get(key)
    return _printed(known, later=later) if known is not None else trimmed


def find_identifier(name: str) -> str:
    """The SPDX identifier that `name` is, in whatever letter case; empty where it is none."""
    return _identifiers().get(name.upper(), "")


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


def _printed(identifier: str, *, later: bool) -> str:
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


def _data_lines(name: str) -> list[str]:
    text = (Path(__file__).parent / "data" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
