"""What `fs`, `rootfs` and `repo` have in common."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.cli.database_flags import add_database_flags
from assaymark.cli.filter_flags import add_filter_flags
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.scan_flags import add_scan_flags
from assaymark.cli.trivy_flags import add_sbom_search_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.model.artifact import Directory


def configure_directory(parser: ArgumentParser, description: str, *, what: str = "a folder or a file") -> None:
    """The flags of a command that scans a folder."""
    parser.description = description
    parser.add_argument("path", nargs="?", default="", metavar="PATH", help=what)
    add_scan_flags(parser)
    add_sbom_search_flags(parser)
    add_filter_flags(parser)
    add_database_flags(parser)
    add_network_flags(parser)


def run_directory(args: Namespace, console: Console, target: str) -> int:
    """Scan a folder and write the report."""
    from assaymark.artifact.directory import open_directory

    return scan_tree(args, console, target, lambda: nullcontext(open_directory(args.path)))


def scan_tree(
    args: Namespace,
    console: Console,
    target: str,
    open_tree: Callable[[], AbstractContextManager[Directory]],
) -> int:
    """Scan the tree that `open_tree` has to give, and write the report."""
    from assaymark.cli.scanning import Scanning
    from assaymark.scan import scan_directory

    scanning = Scanning(args, console, target)
    if scanning.update_only():
        return ExitCode.DONE
    if not args.path:
        raise UsageError("no path to scan", hint=f"assaymark {target} .")
    with open_tree() as directory, scanning.database() as source:
        scan = scan_directory(directory, source, wanted=scanning.wanted, means=scanning.means)
    scan = scanning.with_invocation(scanning.judged(scan))
    scanning.write(scan, root=_root(args.path))
    return scanning.exit_code(scan)


def _root(path: str) -> str:
    """The absolute path that was scanned; nothing for a repository that was cloned from elsewhere."""
    return os.path.abspath(path) if Path(path).exists() else ""  # noqa: PTH100 - `..` goes, links stay
