"""`assaymark login [REGISTRY]`: checks credentials with the registry, then keeps them where Docker and Podman look."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.network_flags import add_network_flags, connection_options, network_from
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console

_HOW: Final = "assaymark login REGISTRY -u NAME --password-stdin"


def configure(parser: ArgumentParser) -> None:
    """The registry, and what every command with a registry takes; `-u` and `-p` are short for two of them."""
    parser.add_argument("registry", nargs="?", default="", metavar="REGISTRY", help="host or host:port (Docker Hub)")
    parser.add_argument("-u", dest="short_username", default="", metavar="NAME", help="short for --username")
    parser.add_argument("-p", dest="short_password", default="", metavar="PASSWORD", help="short for --password")
    add_network_flags(parser)


def run(args: Namespace, console: Console) -> int:
    """Check, then store: credentials that the registry refuses are not kept."""
    from assaymark.model.reference import parse_reference
    from assaymark.net.secret import Secret
    from assaymark.oci.credentials import Credential
    from assaymark.oci.logins import store_login
    from assaymark.oci.registry import Registry

    host = parse_reference(f"{registry_host(args.registry)}/x/x").registry
    username = args.short_username or next(iter(args.username), "") or args.registry_username
    if not username and console.can_ask:
        username = console.ask("Username: ").strip()
    password = _password(args, console) if username else ""
    if not username or not password:
        raise UsageError("user name and password are needed", hint=_HOW)
    console.redaction.add(password)
    credential = Credential(username=username, password=Secret(password), source="the command line")
    limits = DEFAULT_LIMITS
    network = network_from(args, console.environ, limits)
    options = connection_options(args)
    Registry(network, options=options, limits=limits).check(host, credential)
    stored = store_login(host, credential, console.environ, limits=limits)
    if stored.plain:
        console.warn(f"the password stands unencrypted in {stored.place}", hint="configure a credential helper")
    console.err(f"logged in to {host}")
    return 0


def registry_host(text: str) -> str:
    """The registry in what people type: a host, a host with a port, or a URL.

    Raises:
        UsageError: it has a path, or is nothing of these.
    """
    host = text.partition("://")[2] if "://" in text else text
    host = host.rstrip("/").removesuffix("/v1").removesuffix("/v2") or "index.docker.io"
    if "/" in host or "@" in host:
        raise UsageError("a registry is a host or host:port", hint="such as ghcr.io or 127.0.0.1:5000")
    return host if any(mark in host for mark in ".:") or host == "localhost" else f"{host}:443"


def _password(args: Namespace, console: Console) -> str:
    given = args.short_password or next(iter(args.password), "") or args.registry_password
    if args.password_stdin and given:
        raise UsageError("`--password` and `--password-stdin` exclude each other")
    return given or console.ask_password("Password: ", otherwise=_HOW)


COMMAND: Final = Command(
    name="login",
    summary="log in to a registry: check credentials and keep them where Docker and Podman look",
    group="Registries",
    configure=configure,
    run=run,
)
