"""The version of the program itself, which builds from a checkout do not record as such.

The first of these that gives one:

1. the recorded version, unless it is empty, `(devel)` or a pseudo-version;
2. a variable that the linker was told to set (`assaymark.inventory.golang.linker_flags`);
3. the same variables in an ELF file's symbols, because `-trimpath` hides the flags (https://go.dev/issue/63432);
4. the recorded version after all.

A variable counts if its name ends in `.version` or `.ver` and its value is a version, with or without `v`. Those in
the module's own `cmd/` come first, then those of packages called main, common, version or cmd, then any other. Two of
the same rank contradict each other, and then none counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from assaymark.inventory.executables.elf import symbol_values
from assaymark.inventory.executables.program import Program
from assaymark.inventory.golang.build_info import BuildInfo, Module
from assaymark.inventory.golang.linker_flags import linker_variables
from assaymark.inventory.golang.versions import is_pseudo_version, is_version

_PACKAGES: Final = frozenset({"main", "common", "version", "cmd"})
_SYMBOLS: Final = re.compile(rb"\.(?i:version|ver)\.str\0")


def stated_version(version: str) -> str:
    """A recorded version; empty for what was built from a checkout."""
    return "" if version == "(devel)" else version


def main_version(info: BuildInfo, main: Module, program: Program) -> str:
    """The version of the module `main`."""
    stated = stated_version(main.version)
    if stated and not is_pseudo_version(stated):
        return stated
    told = ((key.lstrip("'"), value.rstrip("'")) for key, value in linker_variables(info.linker_flags).items())
    return choose(main.path, told) or choose(main.path, _symbols(program)) or stated


def _symbols(program: Program) -> Iterable[tuple[str, str]]:
    for name, data in symbol_values(program, _SYMBOLS):
        yield name.removesuffix(".str"), data.rstrip(b"\0").decode("utf-8", "replace")


def choose(module: str, variables: Iterable[tuple[str, str]]) -> str:
    """The one version among `variables`; empty where there is none or more than one."""
    ranks: dict[int, list[str]] = {}
    for key, value in variables:
        if key.lower().endswith((".version", ".ver")) and (is_version(value) or is_version(f"v{value}")):
            ranks.setdefault(_rank(module, key), []).append(value)
    best = ranks[min(ranks)] if ranks else []
    return best[0] if len(best) == 1 else ""


def _rank(module: str, key: str) -> int:
    if key.startswith(f"{module}/cmd/"):
        return 0
    package = key[key.rfind("/") + 1 :] if key.rfind("/") > 0 else key
    return 1 if package.partition(".")[0].lower() in _PACKAGES else 2
