"""`db list`: the databases that are kept."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any, Final

from assaymark.cli.command import Command
from assaymark.cli.database_flags import cache_of
from assaymark.cli.kept_databases import DATABASES, add_cache_flag
from assaymark.errors import ExitCode

if TYPE_CHECKING:
    from assaymark.advisories.kept import Kept
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
List the vulnerability databases that are kept, the one that was kept last first. In JSON each has `uri`, `digest`,
`updatedAt`, `keptAt`, `bytes` (those it shares with the cache included), `exportable` (whether the published bytes are
there, so that an export has the same digest) and `path`."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument(
        "--format", "-f", choices=("text", "json"), default="text", help="text for people, or JSON (default text)"
    )
    add_cache_flag(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.advisories.kept import kept_databases
    from assaymark.limits import DEFAULT_LIMITS

    kept = kept_databases(cache_of(args, console.environ), limits=DEFAULT_LIMITS)
    if args.format == "json":
        import msgspec

        document = {"databases": [_members(each) for each in kept]}
        console.out_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    elif kept:
        console.out("\n".join(map(_line, kept)))
    else:
        console.note("no database is kept; `assaymark db keep` keeps the one in the cache")
    return ExitCode.DONE


def _members(kept: Kept) -> dict[str, Any]:
    return {
        "uri": kept.uri,
        "digest": kept.digest,
        "updatedAt": kept.updated,
        "keptAt": kept.kept,
        "bytes": kept.size,
        "exportable": kept.is_exportable,
        "path": str(kept.folder),
    }


def _line(kept: Kept) -> str:
    size = f"{kept.size / 1_000_000:.1f} MB"
    short = "" if kept.is_exportable else "  (an export gets another digest)"
    return f"{kept.uri}  built {kept.updated[:16].replace('T', ' ')}  kept {kept.kept[:10]}  {size}{short}"


COMMAND: Final = Command(
    name="db-list", summary="list the databases that are kept", group=DATABASES, configure=_configure, run=_run
)
