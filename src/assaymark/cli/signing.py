"""How a command signs: with a key alone, or with an identity or a key and the services that the flags choose.

Services, in order: `--signing-config`; the ones named by `--fulcio-url` and `--rekor-url` (and with a key by
`--timestamp-server-url` alone), so that what was meant for a private instance never ends at the public one; else those
of the trust data, of which `--oidc-issuer` and `--timestamp-server-url` replace one each. A key needs no authority and
no issuer.

Everything that can fail without having asked anybody fails in `open_signing`, before an image is scanned: somebody can
be asked whether it may be published, the services suffice, the trusted root can be read. Certificates of these
services are always checked: `--insecure` is about registries.
"""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.attest.attach import KeySigning, Signing
from assaymark.cli.attestation_flags import attestation_format
from assaymark.cli.files import read_input
from assaymark.cli.signing_flags import logs_allowed, logs_demanded, wants_services
from assaymark.cli.trust import trust_folder, trust_from
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from assaymark.attest.keys.private import Signer
    from assaymark.attest.sigstore.attach import ServiceSigning
    from assaymark.attest.sigstore.disclosure import Consent
    from assaymark.attest.sigstore.oidc.flow import Person
    from assaymark.attest.sigstore.oidc.provider import Ambient
    from assaymark.attest.sigstore.oidc.sources import Options
    from assaymark.attest.sigstore.oidc.token import IdentityToken
    from assaymark.attest.sigstore.sign import Surroundings
    from assaymark.attest.sigstore.signing_config import Services
    from assaymark.attest.sigstore.trust import Trust
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.net.network import Network

_URLS: Final = ("fulcio_url", "rekor_url", "timestamp_server_url", "oidc_issuer")


def open_signing(args: Namespace, console: Console, connections: Connections) -> Signing:
    """The way to sign that the flags choose; flags were checked by `check_signing_flags`.

    Raises:
        UsageError: the flags, a file or the surroundings do not suffice.
        SigningError: the key does not open, nobody can be asked, or the services do not suffice.
        NetworkError: there is no trust data, and none can be had.
    """
    if not wants_services(args):
        return KeySigning(_signer(args, console, connections.network))
    from assaymark.attest.sigstore.attach import ServiceSigning, check_format
    from assaymark.attest.sigstore.sign import check_services

    consent = _consent(args, console)
    if not args.key:
        consent.require_possible()
    network = _strict_network(args, console, connections)
    trust = trust_from(args, console, lambda: network)
    services = choose_services(args, trust)
    if args.key and not (services.logs or services.timestamps):
        _require_log(args, services)
        return KeySigning(_signer(args, console, connections.network))
    check_services(services, keyless=not args.key)
    check_format(services, attestation_format(args), keyless=not args.key)
    _require_log(args, services)
    if services.logs:
        consent.require_possible()
    around = _surroundings(args, console, network, consent)
    return ServiceSigning(
        services=services,
        around=around,
        trust=trust.root(),
        token=_token_source(args, console, services, around),
        signer=_signer(args, console, connections.network) if args.key else None,
    )


def open_resuming(args: Namespace, console: Console, connections: Connections, *, folder: Path) -> ServiceSigning:
    """What finishes an attestation that is kept in `folder`: the services are those that it names.

    Raises:
        SigningError: nobody can be asked.
        NetworkError: there is no trust data, and none can be had.
    """
    from assaymark.attest.sigstore.attach import ServiceSigning
    from assaymark.attest.sigstore.pending import PendingStore
    from assaymark.attest.sigstore.signing_config import Services

    consent = _consent(args, console)
    consent.require_possible()
    network = _strict_network(args, console, connections)
    around = msgspec.structs.replace(_surroundings(args, console, network, consent), pending=PendingStore(folder))
    return ServiceSigning(
        services=Services(),
        around=around,
        trust=trust_from(args, console, lambda: network).root(),
        token=_token_source(args, console, Services(), around),
    )


def choose_services(args: Namespace, trust: Trust) -> Services:
    """The services that the flags name, else the mirror's.

    Raises:
        UsageError: a URL is none, or none of the services that a configuration lists can be used.
        NetworkError: there is no trust data, and none can be had.
    """
    from assaymark.attest.sigstore.signing_config import Services

    named = _named_services(args)
    chosen = named
    if args.signing_config:
        chosen = _configured(trust, args.signing_config)
    elif not _is_complete(args):
        chosen = _configured(trust, "")
        given = {name: value for name, value in msgspec.structs.asdict(named).items() if value}
        chosen = msgspec.structs.replace(chosen, **given)
    if not logs_allowed(args):
        chosen = msgspec.structs.replace(chosen, logs=())
    return Services(logs=chosen.logs, timestamps=chosen.timestamps) if args.key else chosen


def _is_complete(args: Namespace) -> bool:
    """Whether the flags mean their own services, and the mirror's are none of their business."""
    if args.fulcio_url or args.rekor_url or args.use_signing_config is False:
        return True
    return bool(args.key and not logs_demanded(args))


def _named_services(args: Namespace) -> Services:
    from assaymark.attest.sigstore.signing_config import Log, Services, check_url

    for name in _URLS:
        try:
            check_url(getattr(args, name) or "https://localhost")
        except ValueError as exc:
            raise UsageError(f"`--{name.replace('_', '-')}` cannot be used: {exc}") from exc
    return Services(
        authority=args.fulcio_url,
        issuer=args.oidc_issuer,
        logs=(Log(url=args.rekor_url),) if args.rekor_url else (),
        timestamps=(args.timestamp_server_url,) if args.timestamp_server_url else (),
    )


def _configured(trust: Trust, name: str) -> Services:
    from secrets import SystemRandom

    from assaymark.attest.sigstore.signing_config import select_services

    config = trust.signing_config(name)
    return select_services(config, now=datetime.now(UTC), choose=SystemRandom().sample)


def _require_log(args: Namespace, services: Services) -> None:
    if args.log in ("public", "private") and not services.logs:
        raise UsageError(f"`--log {args.log}`: the services that were chosen have no transparency log")


def _signer(args: Namespace, console: Console, network: Network) -> Signer:
    from assaymark.attest.keys.reference import load_signer
    from assaymark.cli.keys import key_context

    return load_signer(args.key, key_context(console, network))


def _strict_network(args: Namespace, console: Console, connections: Connections) -> Network:
    from assaymark.cli.network_flags import network_from

    if not args.insecure:
        return connections.network
    return network_from(Namespace(**{**vars(args), "insecure": False}), console.environ, DEFAULT_LIMITS)


def _consent(args: Namespace, console: Console) -> Consent:
    from assaymark.attest.sigstore.disclosure import Consent

    return Consent(confirmed=args.yes, terminal=console.can_ask, show=console.disclose, ask=console.confirm)


def _surroundings(args: Namespace, console: Console, network: Network, consent: Consent) -> Surroundings:
    from assaymark.attest.sigstore.pending import PendingStore
    from assaymark.attest.sigstore.sign import Surroundings

    return Surroundings(
        network=network,
        consent=consent,
        pending=PendingStore(trust_folder(args, console.environ) / "pending"),
        audience=_client_id(args),
    )


def _client_id(args: Namespace) -> str:
    from assaymark.attest.sigstore.oidc.token import AUDIENCE

    return args.oidc_client_id or AUDIENCE


def _token_source(
    args: Namespace, console: Console, services: Services, around: Surroundings
) -> Callable[[], IdentityToken]:
    """Gets the token when it is first needed; several images are signed with the same."""

    @cache
    def token() -> IdentityToken:
        from assaymark.attest.sigstore.oidc.sources import obtain_token

        found = obtain_token(
            _options(args, console, services), ambient=_ambient(args, console, around), person=_person(console)
        )
        console.redaction.add(found.secret.reveal())
        return found

    return token


def _options(args: Namespace, console: Console, services: Services) -> Options:
    from assaymark.attest.sigstore.oidc.flow import Client
    from assaymark.attest.sigstore.oidc.sources import Flow, Options
    from assaymark.net.secret import Secret

    return Options(
        token=Secret(args.identity_token),
        ambient=not args.oidc_disable_ambient_providers,
        provider=args.oidc_provider,
        flow=Flow(args.fulcio_auth_flow) if args.fulcio_auth_flow else None,
        issuer=services.issuer,
        client=Client(id=_client_id(args), secret=Secret(_client_secret(args, console))),
        redirect=args.oidc_redirect_url,
        terminal=console.can_ask,
        confirmed=args.yes,
    )


def _client_secret(args: Namespace, console: Console) -> str:
    if not args.oidc_client_secret_file:
        return ""
    data = read_input(args.oidc_client_secret_file, console, limit=DEFAULT_LIMITS.token_bytes)
    try:
        secret = data.decode("ascii").strip()
    except UnicodeDecodeError as exc:
        raise UsageError("`--oidc-client-secret-file` names a file that holds no secret") from exc
    console.redaction.add(secret)
    return secret


def _ambient(args: Namespace, console: Console, around: Surroundings) -> Ambient:
    from assaymark.attest.sigstore.oidc.provider import Ambient
    from assaymark.net.metadata import MetadataNetwork
    from assaymark.net.network import NoNetwork

    metadata = NoNetwork() if args.offline else MetadataNetwork(console.environ)
    return Ambient(
        environment=console.environ, network=around.network, metadata=metadata, audience=around.audience, root=Path("/")
    )


def _person(console: Console) -> Person:
    from assaymark.attest.sigstore.oidc.desktop import find_browser
    from assaymark.attest.sigstore.oidc.flow import Person

    return Person(show=console.err, ask=console.ask, open_browser=find_browser(console.environ))
