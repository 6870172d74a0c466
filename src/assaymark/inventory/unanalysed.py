"""Kinds of files that hold packages and that this version does not read.

A report that is silent about them would read as "nothing found". So the walk counts them, and the report's coverage
names each kind with a number and a few examples. The kinds are databases of installed packages whose systems nobody's
advisories in the database speak of, and lockfiles of languages that it does not know; an analyser that is added later
takes its files out of here by wanting them.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from assaymark.model.issue import Unanalysed

_EXAMPLES: Final = 3
_INSTALLED: Final = ("image", "rootfs")
_DECLARED: Final = ("fs", "repo")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of package source.

    Attributes:
        name: as the coverage prints it; the reference's name for the analyser where it has one.
        paths: patterns as in `Analyzer.paths`.
        targets: the commands for which the kind counts.
        group: `os` or `library`, as in `--pkg-types`.
        minimum: smaller files do not count.
    """

    name: str
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    group: Literal["os", "library"] = "library"
    minimum: int = 0


KINDS: Final = (
    Kind(name="cabal", paths=("cabal.project.freeze",), targets=_DECLARED),
    Kind(name="deno", paths=("deno.lock",), targets=_DECLARED),
    Kind(name="guix", paths=("var/guix/db/db.sqlite",), targets=_INSTALLED, group="os"),
    Kind(name="homebrew", paths=("**/Cellar/*/*/INSTALL_RECEIPT.json",), targets=_INSTALLED, group="os"),
    Kind(name="nix", paths=("nix/var/nix/db/db.sqlite",), targets=_INSTALLED, group="os"),
    Kind(name="opkg", paths=("usr/lib/opkg/status", "var/lib/opkg/status"), targets=_INSTALLED, group="os", minimum=1),
    Kind(name="pacman", paths=("var/lib/pacman/local/*/desc",), targets=_INSTALLED, group="os"),
    Kind(name="pkgtools", paths=("var/lib/pkgtools/packages/*", "var/log/packages/*"), targets=_INSTALLED, group="os"),
    Kind(name="portage", paths=("var/db/pkg/*/*/CONTENTS",), targets=_INSTALLED, group="os"),
    Kind(name="rebar", paths=("rebar.lock",), targets=_DECLARED),
    Kind(name="renv", paths=("renv.lock",), targets=_DECLARED),
    Kind(name="snap", paths=("var/lib/snapd/snaps/*.snap",), targets=_INSTALLED, group="os"),
    Kind(name="stack", paths=("stack.yaml.lock",), targets=_DECLARED),
    Kind(name="xbps", paths=("var/db/xbps/pkgdb-*.plist",), targets=_INSTALLED, group="os"),
)  # fmt: skip


class Tally:
    """Counts of unread files, with the first few paths of each kind."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, kind: str, path: str) -> None:
        """One more file of `kind`."""
        self._note(kind, 1, (path,))

    def add_all(self, entries: tuple[Unanalysed, ...]) -> None:
        """Another layer's result on top."""
        for entry in entries:
            self._note(entry.kind, entry.count, entry.examples)

    def result(self) -> tuple[Unanalysed, ...]:
        """The kinds in order of their names."""
        return tuple(
            Unanalysed(kind=name, count=count, examples=tuple(self._examples[name]))
            for name, count in sorted(self._counts.items())
        )

    def _note(self, name: str, count: int, examples: tuple[str, ...]) -> None:
        self._counts[name] = self._counts.get(name, 0) + count
        kept = self._examples.setdefault(name, [])
        for path in examples:
            if len(kept) < _EXAMPLES and path not in kept:
                kept.append(path)
