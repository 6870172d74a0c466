"""The flags about the network and registries, and the clients that they choose.

Names and meaning are those of both peers. Where both have a way to say the same thing:

1. `--registry-username` and `--registry-password` are one pair and nothing else is tried; then comes
   `--registry-token`; then `--username` and `--password`, lists of equal length that are tried in turn before the
   stored credentials.
2. `--insecure` and `--allow-insecure-registry` take any certificate and plain http; `--allow-http-registry` takes plain
   http alone.
"""

from __future__ import annotations

import sys
from argparse import Namespace, _ActionsContainer
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from assaymark.cli.cosign_flags import REGISTRY
from assaymark.cli.flags import add_switch, add_values
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported
from assaymark.errors import LimitError, UsageError
from assaymark.limits import Limits

if TYPE_CHECKING:
    from assaymark.net.network import Network
    from assaymark.net.proxies import SpecialProxy
    from assaymark.oci.credentials import Credential
    from assaymark.oci.registry import Registry, RegistryOptions

_PASSWORD_BYTES: Final = 64 * 1024
NETWORK_GROUP: Final = "Network and registry flags"


def add_network_flags(parser: _ActionsContainer) -> None:
    """Add them under their own heading."""
    group = parser.add_argument_group(NETWORK_GROUP)
    add_switch(group, "--offline", about="no network connection at all")
    add_switch(group, "--insecure", about="take any certificate, and plain http")
    add_values(group, "--cacert", about="certificates to trust besides the system's", metavar="FILE")
    add_values(group, "--username", about="user names, tried in order")
    add_values(
        group,
        "--password",
        about="their passwords; a process list shows them, so prefer --password-stdin or TRIVY_PASSWORD",
    )
    add_switch(group, "--password-stdin", about="read the password from stdin")
    add_text(group, "--registry-token", about="a bearer token that replaces user and password", metavar="TOKEN")
    add_text(group, "--registry-username", about="user name; nothing else is tried", metavar="NAME")
    add_text(group, "--registry-password", about="its password", metavar="PASSWORD")
    add_text(group, "--registry-cacert", about="certificates to trust for registries", metavar="FILE")
    add_text(group, "--registry-client-cert", about="certificate to show to registries", metavar="FILE")
    add_text(group, "--registry-client-key", about="its key", metavar="FILE")
    add_text(group, "--registry-server-name", about="name that the registry's certificate must carry", metavar="NAME")
    add_values(group, "--registry-auth-host", about="token services on other hosts that may have credentials")
    add_values(group, "--registry-mirror", about="REGISTRY=MIRROR: where to read first, in order", metavar="LIST")
    add_switch(group, "--allow-http-registry", about="speak plain http where https is not offered")
    add_switch(group, "--allow-insecure-registry", about="take any certificate of a registry, and plain http")
    add_unsupported(group, REGISTRY)


def add_text(group: _ActionsContainer, name: str, *, about: str, metavar: str) -> None:
    """A flag with a text that is empty by default."""
    group.add_argument(name, default="", help=about, metavar=metavar)


def network_from(
    args: Namespace, environ: Mapping[str, str], limits: Limits, special: Iterable[SpecialProxy] = ()
) -> Network:
    """The network that the flags and the environment choose; `special` proxies come before those of the environment.

    Raises:
        UsageError: a proxy of a kind that is not supported.
    """
    from assaymark.net.opening import open_network

    return open_network(
        environ,
        offline=args.offline,
        insecure=args.insecure,
        authorities=map(Path, args.cacert),
        special=special,
        limits=limits,
    )


def registry_from(
    args: Namespace, environ: Mapping[str, str], network: Network, limits: Limits, *, stdin: BinaryIO | None = None
) -> Registry:
    """The client of registries that the flags and the environment choose; `stdin` is for `--password-stdin`.

    Raises:
        UsageError: flags that contradict each other, or ask for what this version does not have.
    """
    from assaymark.net.secret import Secret
    from assaymark.oci.credentials import Keychain
    from assaymark.oci.registry import Registry

    refuse_unsupported(args, REGISTRY)
    credentials, exclusive = _credentials(args, stdin)
    token = "" if exclusive else args.registry_token
    options = msgspec.structs.replace(
        connection_options(args),
        credentials=credentials,
        registry_token=Secret(token),
        exclusive=exclusive,
        mirrors=_mirrors(args.registry_mirror),
    )
    return Registry(network, options=options, keychain=Keychain(environ, limits=limits), limits=limits)


def connection_options(args: Namespace) -> RegistryOptions:
    """How registries are reached, without any credentials."""
    from assaymark.net.tls import TlsOptions
    from assaymark.oci.registry import RegistryOptions

    if args.registry_client_key and not args.registry_client_cert:
        raise UsageError("`--registry-client-key` needs `--registry-client-cert`")
    return RegistryOptions(
        insecure=args.insecure or args.allow_insecure_registry,
        allow_http=args.allow_http_registry,
        realms=tuple(host.lower() for host in args.registry_auth_host),
        tls=TlsOptions(
            authorities=(Path(args.registry_cacert),) if args.registry_cacert else (),
            certificate=Path(args.registry_client_cert) if args.registry_client_cert else None,
            key=Path(args.registry_client_key) if args.registry_client_key else None,
            server_name=args.registry_server_name,
        ),
    )


def read_password(stdin: BinaryIO | None) -> str:
    """The password on stdin, without the line's end.

    Raises:
        UsageError: there is none.
        LimitError: there is more than a password.
    """
    stream = stdin if stdin is not None else sys.stdin.buffer
    data = stream.read(_PASSWORD_BYTES + 1)
    if len(data) > _PASSWORD_BYTES:
        raise LimitError(f"the password on stdin is longer than {_PASSWORD_BYTES} bytes")
    password = data.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
    if not password:
        raise UsageError("there is no password on stdin")
    return password


def _credentials(args: Namespace, stdin: BinaryIO | None) -> tuple[tuple[Credential, ...], bool]:
    """The credentials of flags, and whether nothing else is to be tried (rule 1)."""
    from assaymark.net.secret import Secret
    from assaymark.oci.credentials import Credential

    if args.registry_username:
        secret = Secret(args.registry_password)
        return (Credential(username=args.registry_username, password=secret, source="--registry-username"),), True
    if args.registry_password:
        raise UsageError("`--registry-password` needs `--registry-username`")
    names = tuple(args.username)
    if args.password_stdin and args.password:
        raise UsageError("`--password` (or its variable) and `--password-stdin` exclude each other")
    if args.password_stdin:
        passwords: tuple[str, ...] = (read_password(stdin),)
    else:
        passwords = tuple(args.password)
    if len(names) != len(passwords):
        raise UsageError(
            f"there are {len(names)} user names and {len(passwords)} passwords", hint="give as many of both"
        )
    pairs = zip(names, passwords, strict=True)
    return tuple(Credential(username=name, password=Secret(word), source="--username") for name, word in pairs), False


def _mirrors(pairs: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    from assaymark.model.reference import parse_reference

    found: dict[str, list[str]] = {}
    for pair in pairs:
        registry, equals, mirror = pair.partition("=")
        if not (registry and equals and mirror):
            raise UsageError(f"`{pair}` is no mirror", hint="write REGISTRY=MIRROR, such as docker.io=mirror.gcr.io")
        # Docker Hub has several names, and references know it by one
        found.setdefault(parse_reference(f"{registry}/x/x").registry, []).append(mirror)
    return tuple((registry, tuple(mirrors)) for registry, mirrors in found.items())
