"""How a program signs: with a key, or with an identity that it was given or that its surroundings have.

Nobody is asked anything. A key's password is given or stands in `COSIGN_PASSWORD`; signing in with a browser is for the
command line; that something becomes public has to be agreed to beforehand (`publish`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from assaymark.api.outside import Outside
from assaymark.attest.attach import Signing
from assaymark.attest.signing import SigningChoice, SigningMeans, open_signing
from assaymark.errors import SigningError, UsageError
from assaymark.net.secret import Secret

if TYPE_CHECKING:
    from assaymark.attest.keys.scheme import KeyContext
    from assaymark.attest.sigstore.disclosure import Consent
    from assaymark.attest.sigstore.oidc.provider import Ambient
    from assaymark.attest.sigstore.oidc.token import IdentityToken
    from assaymark.attest.sigstore.sign import Surroundings
    from assaymark.attest.sigstore.signing_config import Services

_NOT_CONFIRMED: Final = "NOT_CONFIRMED"
_PASSWORD: Final = "COSIGN_PASSWORD"  # noqa: S105 - the variable's name


class SigningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one call was asked.

    Attributes:
        password: of the key; None for the variable's.
        identity_token: a token or the path of a file with one; empty for that of the surroundings.
        publish: whether it was agreed that signing makes things public.
        trusted_root: whom to believe when the result is verified; empty for the mirror's.
    """

    choice: SigningChoice
    password: Secret | None = None
    identity_token: Secret = Secret()
    publish: bool = False
    trusted_root: str = ""


def signing_from(request: SigningRequest, outside: Outside) -> Signing:
    """The way to sign that was asked for.

    Raises:
        UsageError: what was asked contradicts itself, or a password is missing.
        SigningError: the key does not open, nothing may be published, or the services do not suffice.
        NetworkError: there is no trust data, and none can be had.
    """
    from assaymark.attest.keys.reference import load_signer

    choice = request.choice
    for secret in (request.password, request.identity_token):
        outside.redaction.add(secret.reveal() if secret else "")
    choice.check()
    if not request.publish and choice.logs_allowed and (not choice.key or choice.logs_demanded or choice.rekor_url):
        raise _refusal()  # before anybody is asked for anything
    network = outside.strict_network
    means = SigningMeans(
        signer=lambda: load_signer(choice.key, key_context(outside, request.password)),
        consent=lambda: _consent(request),
        trust=lambda: outside.trust(request.trusted_root, network),
        around=lambda consent: _surroundings(outside, consent),
        token=lambda services, around: _token_source(request, outside, services, around),
    )
    try:
        return open_signing(choice, means)
    except SigningError as exc:
        if exc.reason != _NOT_CONFIRMED:
            raise
        raise _refusal() from exc


def _refusal() -> SigningError:
    return SigningError(
        "signing makes things public, and it was not agreed to",
        hint="give `publish=True`: the signer's identity and the signature will be in a public log, for good",
        reason=_NOT_CONFIRMED,
    )


def key_context(outside: Outside, password: Secret | None = None) -> KeyContext:
    """What references of keys may use."""
    from assaymark.attest.keys.scheme import KeyContext

    return KeyContext(
        environment=outside.environ,
        network=outside.network,
        password=lambda: _password(password, outside.environ),
        warn=outside.warnings.append,
        conceal=outside.redaction.add,
        limits=outside.settings.limits,
    )


def _password(given: Secret | None, environ: Mapping[str, str]) -> bytes:
    text = given.reveal() if given is not None else environ.get(_PASSWORD)
    if text is None:
        raise UsageError("the key needs a password", hint=f"give `password`, or set {_PASSWORD}")
    return text.encode("utf-8", "surrogateescape")


def _consent(request: SigningRequest) -> Consent:
    from assaymark.attest.sigstore.disclosure import Consent

    return Consent(confirmed=request.publish, terminal=False, show=_not_shown, ask=_refuse)


def _not_shown(_text: str) -> None:
    """Nothing is printed: the caller knows what `publish` means."""


def _refuse(_question: str) -> NoReturn:
    raise AssertionError("what was agreed to beforehand is not asked")


def _surroundings(outside: Outside, consent: Consent) -> Surroundings:
    from assaymark.attest.sigstore.pending import PendingStore
    from assaymark.attest.sigstore.sign import Surroundings

    return Surroundings(
        network=outside.strict_network,
        consent=consent,
        pending=PendingStore(outside.trust_folder / "pending"),
        limits=outside.settings.limits,
    )


def _token_source(
    request: SigningRequest, outside: Outside, services: Services, around: Surroundings
) -> Callable[[], IdentityToken]:
    from assaymark.attest.sigstore.oidc.flow import Person
    from assaymark.attest.sigstore.oidc.sources import Options, obtain_token

    options = Options(
        token=request.identity_token,
        ambient=not request.identity_token,
        issuer=services.issuer,
        terminal=False,
        confirmed=False,
    )
    person = Person(show=_not_shown, ask=_refuse)

    def token() -> IdentityToken:
        found = obtain_token(options, ambient=_ambient(outside, around), person=person)
        outside.redaction.add(found.secret.reveal())
        return found

    return token


def _ambient(outside: Outside, around: Surroundings) -> Ambient:
    from assaymark.attest.sigstore.oidc.provider import Ambient
    from assaymark.net.metadata import MetadataNetwork
    from assaymark.net.network import NoNetwork

    metadata = NoNetwork() if outside.settings.offline else MetadataNetwork(outside.environ)
    return Ambient(
        environment=outside.environ,
        network=around.network,
        metadata=metadata,
        audience=around.audience,
        root=Path("/"),
        limits=outside.settings.limits,
    )
