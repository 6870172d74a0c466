"""`db remove`: let kept databases go."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.database_flags import cache_of
from assaymark.cli.kept_databases import DATABASES, add_cache_flag, find_named
from assaymark.errors import ExitCode

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Remove databases that are kept, by their digests (or the first digits of one). The database that scans use, in the
cache's own `db` folder, stays whatever is removed here."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("databases", nargs="+", metavar="DIGEST", help="digest, or a reference with digest")
    add_cache_flag(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.advisories.kept import remove_kept

    cache = cache_of(args, console.environ)
    found = [find_named(text, cache) for text in args.databases]  # all of them, before one is removed
    remove_kept(cache, found)
    for kept in found:
        console.note(f"removed {kept.uri}")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="db-remove", summary="remove databases that are kept", group=DATABASES, configure=_configure, run=_run
)
