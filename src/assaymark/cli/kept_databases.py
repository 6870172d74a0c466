"""What the commands about kept databases have in common."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Final

from assaymark.errors import DatabaseError, UsageError

if TYPE_CHECKING:
    from assaymark.advisories.cache import CacheFolder
    from assaymark.advisories.kept import Kept
    from assaymark.cli.console import Console

DATABASES: Final = "Databases"
_SHORTEST: Final = 6  # digits that may stand for a digest


def add_cache_flag(parser: ArgumentParser) -> None:
    """`--cache-dir`."""
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where databases are kept")


def find_named(text: str, cache: CacheFolder) -> Kept:
    """The kept database that a digest, its first digits, or a reference with digest names.

    Raises:
        UsageError: it is none of these, or the digits fit several.
        DatabaseError: it is not kept.
    """
    from assaymark.advisories.kept import kept_databases
    from assaymark.limits import DEFAULT_LIMITS

    digits = text.rpartition("@")[2].removeprefix("sha256:")
    if len(digits) < _SHORTEST or not set(digits) <= set("0123456789abcdef"):
        raise UsageError(f"`{text}` is no digest of a database", hint="`assaymark db list` has them")
    found = [kept for kept in kept_databases(cache, limits=DEFAULT_LIMITS) if kept.folder.name.startswith(digits)]
    if len(found) > 1:
        raise UsageError(f"`{text}` fits {len(found)} kept databases", hint="write more of the digest")
    if not found:
        raise DatabaseError(
            f"no database `{text}` is kept in `{cache.kept}`",
            hint="`assaymark db list` has those that are",
            reason="DATABASE_NOT_KEPT",
        )
    return found[0]


def tell_kept(kept: Kept, console: Console) -> None:
    """That a database is kept, and whether its published bytes are."""
    console.note(f"kept {kept.uri}, built {kept.updated[:16].replace('T', ' ')} UTC")
    if not kept.is_exportable:
        console.warn(
            "the published bytes could not be fetched, so that an export of this database has another digest",
            hint="`assaymark db keep` tries again",
        )
