"""How what several release files say becomes one operating system.

1. Nothing known adds nothing.
2. Red Hat and Debian are only a first guess, because their relatives have their release files too: the next file that
   names a family replaces them.
3. Otherwise what is known stays; a missing family, name or ESM status is filled in.
4. The first supplier stays through all of it.
5. Older spellings of families are replaced.
"""

from __future__ import annotations

from typing import Final

from assaymark.model.inventory import NO_SYSTEM, OperatingSystem

_GUESSES: Final = frozenset({"redhat", "debian"})
_SPELLINGS: Final = {
    "opensuse.leap": "opensuse-leap",
    "opensuse.tumbleweed": "opensuse-tumbleweed",
    "suse linux enterprise micro": "slem",
    "suse linux enterprise server": "sles",
    "amazon linux": "amazon",
    "debian gnu/linux": "debian",
}


def merge_os(known: OperatingSystem, other: OperatingSystem) -> OperatingSystem:
    """What is known after `other` was read too."""
    if other == NO_SYSTEM:
        return known
    base = other if known.family in _GUESSES and other.family else known
    family = base.family or other.family
    return OperatingSystem(
        family=_SPELLINGS.get(family, family),
        name=base.name or other.name,
        eosl=base.eosl,
        supplier=known.supplier or other.supplier,
        extended=base.extended or other.extended,
    )
