"""The extension point of version orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from assaymark.extensions import discover, find


class VersionError(ValueError):
    """A version or a constraint that its scheme cannot order: the answer is `unknown`, never `not affected`."""


class Ordered(Protocol):
    """A sort key: comparable with keys of the same scheme."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether this version comes before `other`."""
        ...


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One version order.

    Attributes:
        name: the file's name, `deb`.
        ecosystems: prefixes of advisory sources that it orders (`pip`), or distribution families (`debian`).
        key: the sort key of a version; equal keys are equal versions. Raises `VersionError`.
        satisfies: whether a version lies in a constraint of the ecosystem's grammar; None for schemes without one.
            Raises `VersionError`.
    """

    name: str
    ecosystems: tuple[str, ...]
    key: Callable[[str], Ordered]
    satisfies: Callable[[str, str], bool] | None = None


def load_scheme(name: str) -> Scheme:
    """The scheme in `versions/<name>.py`.

    Raises:
        LookupError: there is none.
    """
    scheme = find("assaymark.versions", name, "SCHEME", Scheme)
    if scheme is None:
        raise LookupError(f"no version scheme `{name}`")
    return scheme


def schemes() -> Iterator[Scheme]:
    """Every scheme, in order of the files' names."""
    return discover("assaymark.versions", "SCHEME", Scheme)
