"""`assaymark logout [REGISTRY]`: forgets stored credentials."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.commands.login import registry_host
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def configure(parser: ArgumentParser) -> None:
    """The registry."""
    parser.add_argument("registry", nargs="?", default="", metavar="REGISTRY", help="host or host:port (Docker Hub)")


def run(args: Namespace, console: Console) -> int:
    """Erase; nothing to erase is no failure."""
    from assaymark.model.reference import parse_reference
    from assaymark.oci.logins import erase_login

    host = parse_reference(f"{registry_host(args.registry)}/x/x").registry
    erased = erase_login(host, console.environ, limits=DEFAULT_LIMITS)
    console.err(f"logged out of {host}" if erased else f"there are no credentials for {host}")
    return 0


COMMAND: Final = Command(
    name="logout",
    summary="log out of a registry: forget its credentials",
    group="Registries",
    configure=configure,
    run=run,
)
