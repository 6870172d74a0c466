"""How a command signs: what its flags say, for `assaymark.attest.signing` to do.

Somebody can be asked at the terminal whether it may be published. Certificates of services are always checked:
`--insecure` is about registries.
"""

from __future__ import annotations

from argparse import Namespace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from assaymark.attest.attach import Signing
from assaymark.attest.signing import SigningMeans
from assaymark.attest.signing import open_signing as open_chosen
from assaymark.cli.attestation_flags import signing_choice
from assaymark.cli.files import read_input
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
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.net.network import Network


def open_signing(args: Namespace, console: Console, connections: Connections) -> Signing:
    """The way to sign that the flags choose; flags were checked by `check_signing_flags`.

    Raises:
        UsageError: the flags, a file or the surroundings do not suffice.
        SigningError: the key does not open, nobody can be asked, or the services do not suffice.
        NetworkError: there is no trust data, and none can be had.
    """
    network = cache(lambda: _strict_network(args, console, connections))
    means = SigningMeans(
        signer=lambda: _signer(args, console, connections.network),
        consent=lambda: _consent(args, console),
        trust=lambda: trust_from(args, console, network),
        around=lambda consent: _surroundings(args, console, network(), consent),
        token=lambda services, around: _token_source(args, console, services, around),
    )
    return open_chosen(signing_choice(args), means)


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
