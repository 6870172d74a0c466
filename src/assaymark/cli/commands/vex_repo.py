"""`vex repo`: the list of VEX repositories, and bringing their copies up to date, as the reference's commands do."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.database_flags import cache_of
from assaymark.cli.flags import FlagParser
from assaymark.cli.kept_databases import DATABASES, add_cache_flag
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import Error, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assaymark.cli.console import Console
    from assaymark.cli.vex_download import Origin

DESCRIPTION: Final = """\
The VEX repositories that `--vex repo` asks. `init` writes the list of them, ~/.trivy/vex/repository.yaml, with the
public VEX Hub in it; `list` prints it; `download` brings the copies of those that are enabled up to date, or of those
that are named. A copy that is younger than its repository asks for is left as it is."""
EXAMPLES: Final = """\
Examples:
  assaymark vex repo init
  assaymark vex repo download               all that are enabled
  assaymark vex repo download default       one of them
"""
_ACTIONS: Final = ("init", "list", "download")


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("action", choices=_ACTIONS, metavar="|".join(_ACTIONS), help="what to do")
    parser.add_argument("names", nargs="*", default=[], metavar="NAME", help="repositories to download (default: all)")
    add_cache_flag(parser)
    add_network_flags(parser)
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: EXAMPLES


def _run(args: Namespace, console: Console) -> int:
    if args.names and args.action != "download":
        raise UsageError(f"`vex repo {args.action}` takes no names", hint="`vex repo download NAME` takes some")
    if args.action == "init":
        return _init(console)
    if args.action == "list":
        return _list(console)
    return _download(args, console)


def _init(console: Console) -> int:
    from assaymark.cli.vex_origins import list_path, write_list

    path = list_path(console.environ)
    said = "wrote the list of VEX repositories" if write_list(console.environ) else "there is a list already"
    console.note(f"{said}: `{path}`")
    return ExitCode.DONE


def _list(console: Console) -> int:
    from assaymark.cli.vex_origins import list_path, read_origins
    from assaymark.report.plain import shown

    lines = [f"VEX Repositories (config: {list_path(console.environ)})", ""]
    for origin in read_origins(console.environ):
        status = "Enabled" if origin.enabled else "Disabled"
        lines += [f"- Name: {shown(origin.name)}", f"  URL: {shown(origin.url)}", f"  Status: {status}"]
        lines += ["  TLS Verify: No", ""] if origin.insecure else [""]
    if len(lines) == 2:
        lines.append("No repositories configured.")
    console.out("\n".join(lines))
    return ExitCode.DONE


def _download(args: Namespace, console: Console) -> int:
    """Each by itself: one that cannot be had does not keep the others from being up to date."""
    from assaymark.cli.connections import Connections
    from assaymark.cli.vex_download import update_copy
    from assaymark.cli.vex_origins import list_path, read_origins
    from assaymark.cli.vex_repositories import conceal, home_of, network_of

    cache, connections = cache_of(args, console.environ).root, Connections(args, console)
    chosen = _chosen(read_origins(console.environ), args.names)
    if not chosen:
        console.warn(f"no VEX repository is enabled in `{list_path(console.environ)}`")
    failed: list[Error] = []
    for origin in chosen:
        conceal(origin, console)
        home = home_of(origin, cache)
        try:
            update_copy(origin, home, network_of(origin, args, console, connections), clock=_now)
        except UsageError:
            raise
        except Error as exc:
            console.error(exc)
            failed.append(exc)
        else:
            console.note(f"the VEX repository `{origin.name}` is up to date: `{home}`")
    return failed[0].exit_code if failed else ExitCode.DONE


def _chosen(origins: Sequence[Origin], names: Sequence[str]) -> list[Origin]:
    """Those that are enabled, all or by name.

    Raises:
        UsageError: one that is named is not there, or not enabled.
    """
    enabled = {origin.name: origin for origin in origins if origin.enabled}
    for name in names:
        if name not in enabled:
            known = any(origin.name == name for origin in origins)
            hint = "`enabled: true` in the list enables it" if known else "`vex repo list` shows those that there are"
            raise UsageError(f"the VEX repository `{name}` is {'not enabled' if known else 'not listed'}", hint=hint)
    return [enabled[name] for name in dict.fromkeys(names)] if names else list(enabled.values())


def _now() -> datetime:
    return datetime.now(UTC)


COMMAND: Final = Command(
    name="vex-repo",
    summary="list and download the repositories of VEX documents",
    group=DATABASES,
    configure=_configure,
    run=_run,
)
