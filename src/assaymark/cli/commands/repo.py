"""`repo`: scan the lockfiles and manifests of a git repository, on this machine or cloned from elsewhere."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.directories import configure_directory, scan_tree
from assaymark.cli.global_flags import SCANNING

if TYPE_CHECKING:
    from assaymark.artifact.repository import RepositoryRequest
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Scan a git repository for known vulnerabilities of what it declares: lockfiles and manifests. A path is scanned as it
lies there; anything else is cloned with this system's git and removed afterwards: https://HOST/PATH, HOST/PATH,
ssh://HOST/PATH, USER@HOST:PATH, git://HOST/PATH, file://PATH. GITHUB_TOKEN or GITLAB_TOKEN opens private ones."""

_REVISIONS: Final = ("branch", "tag", "commit")


def _configure(parser: ArgumentParser) -> None:
    configure_directory(parser, DESCRIPTION, what="a work tree, or the address of a repository")
    group = parser.add_argument_group("Repository flags")
    for name in _REVISIONS:
        group.add_argument(f"--{name}", default="", metavar=name.upper(), help=f"{name} of a cloned repository")


def _run(args: Namespace, console: Console) -> int:
    from assaymark.artifact.repository import open_repository

    args.pkg_types = ("library",)  # what is declared; whatever was asked for, as with the reference
    return scan_tree(args, console, "repo", lambda: open_repository(_request(args, console)))


def _request(args: Namespace, console: Console) -> RepositoryRequest:
    from assaymark.artifact.repository import RepositoryRequest, is_local
    from assaymark.net.tls import tls_from

    chosen = [name for name in _REVISIONS if getattr(args, name)]
    if chosen and is_local(args.path):
        console.warn(f"`--{chosen[0]}` is for repositories that are cloned; `{args.path}` is scanned as it lies there")
    return RepositoryRequest(
        target=args.path,
        branch=args.branch,
        tag=args.tag,
        commit=args.commit,
        environ=console.environ,
        tls=tls_from(console.environ, authorities=tuple(map(Path, args.cacert)), insecure=args.insecure),
        offline=args.offline,
        progress=console.progress,
    )


COMMAND: Final = Command(name="repo", summary="scan a git repository", group=SCANNING, configure=_configure, run=_run)
