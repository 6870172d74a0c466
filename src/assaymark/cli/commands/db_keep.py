"""`db keep`: keep the database that is in the cache by its digest, and let old ones go."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.database_flags import cache_of
from assaymark.cli.flags import FlagParser, parse_duration
from assaymark.cli.kept_databases import DATABASES, add_cache_flag, tell_kept
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Keep the vulnerability database that is in the cache, by the digest that records name it with, so that `replay` finds it
when its publisher has deleted it. The published bytes are fetched too, for `db export`. `--keep` and `--max-age` remove
what was kept before and is beyond the number or the age; the database that is in the cache stays."""
EXAMPLES: Final = """\
Examples:
  assaymark db keep                                  the database in the cache
  assaymark db keep --keep 10 --max-age 2160h        and of the others the last nine, for ninety days
"""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("--keep", type=_number, default=None, metavar="N", help="how many stay kept (default: all)")
    parser.add_argument(
        "--max-age",
        type=parse_duration,
        default=None,
        metavar="DURATION",
        help="how long one stays after it was last kept, such as 2160h (default: for ever)",
    )
    add_cache_flag(parser)
    add_network_flags(parser)
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: EXAMPLES


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 4 or int(text) < 1:
        raise UsageError(f"`{text}` is not a number of databases", hint="1 or more")
    return int(text)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.advisories.kept import keep_database, kept_databases, remove_kept, superfluous
    from assaymark.cli.connections import Connections
    from assaymark.limits import DEFAULT_LIMITS

    cache = cache_of(args, console.environ)
    registry = Connections(args, console).registry
    kept = keep_database(cache, clock=_now, registry=registry, limits=DEFAULT_LIMITS)
    tell_kept(kept, console)
    every = kept_databases(cache, limits=DEFAULT_LIMITS)
    over = [
        each
        for each in superfluous(every, most=args.keep, max_age=args.max_age, now=_now())
        if each.digest != kept.digest
    ]
    remove_kept(cache, over)
    for each in over:
        console.note(f"removed {each.uri}")
    return ExitCode.DONE


def _now() -> datetime:
    return datetime.now(UTC)


COMMAND: Final = Command(
    name="db-keep",
    summary="keep the database in the cache by its digest",
    group=DATABASES,
    configure=_configure,
    run=_run,
)
