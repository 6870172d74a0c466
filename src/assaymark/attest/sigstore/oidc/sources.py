"""Where an identity token comes from, in cosign's order: the flag, the surroundings, a person who signs in.

1. `--identity-token`: a token, or the path of a file with one.
2. Ambient providers (`assaymark.attest.sigstore.oidc.provider`), unless they are disabled; `--oidc-provider` names one.
3. Signing in: through the browser where there is a terminal and a browser, else with a code on another device.
   `--fulcio-auth-flow` chooses. Without a terminal nobody signs in, unless the user confirmed beforehand and so knows
   that a code will stand in the output: everything else fails at once and never waits for nobody.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import msgspec

from assaymark.attest.sigstore.oidc.browser import sign_in_by_browser
from assaymark.attest.sigstore.oidc.client_credentials import sign_in_as_client
from assaymark.attest.sigstore.oidc.device import sign_in_by_device
from assaymark.attest.sigstore.oidc.flow import CONNECTORS, Client, Person, SignIn
from assaymark.attest.sigstore.oidc.issuer import discover_issuer
from assaymark.attest.sigstore.oidc.provider import (
    Ambient,
    AmbientProvider,
    ambient_providers,
    read_token_file,
)
from assaymark.attest.sigstore.oidc.token import IdentityToken, looks_like_token, parse_token
from assaymark.errors import SigningError, UsageError
from assaymark.net.secret import Secret


class Flow(Enum):
    """The values of `--fulcio-auth-flow`."""

    NORMAL = "normal"
    DEVICE = "device"
    TOKEN = "token"  # noqa: S105 - the name of a flow
    CLIENT_CREDENTIALS = "client_credentials"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said about the identity.

    Attributes:
        token: `--identity-token`: a token or the path of a file; a `Secret`, because it may be the token.
        ambient: False with `--oidc-disable-ambient-providers`.
        provider: `--oidc-provider`: the only ambient provider to ask.
        issuer: `--oidc-issuer`, or the signing configuration's.
        connector: `google`, `github`, `microsoft`, or the URL of another account behind the issuer.
        redirect: `--oidc-redirect-url`.
        terminal: whether there is somebody to sign in.
        confirmed: `-y`.
    """

    token: Secret = Secret()
    ambient: bool = True
    provider: str = ""
    flow: Flow | None = None
    issuer: str = ""
    client: Client = Client()
    connector: str = ""
    redirect: str = ""
    terminal: bool = False
    confirmed: bool = False


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """Time and randomness."""

    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[int], bytes] = secrets.token_bytes


def obtain_token(options: Options, *, ambient: Ambient, person: Person, clocks: Clocks | None = None) -> IdentityToken:
    """The identity token to sign with.

    Args:
        options: what the user said.
        ambient: the surroundings; their network is used for signing in, too.
        person: who signs in.
        clocks: time and randomness.

    Raises:
        SigningError: there is no identity (`NO_IDENTITY`), or the way to it fails.
        UsageError: the options contradict each other.
        LocalError: the token's file cannot be read.
        NetworkError: a provider cannot be reached.
    """
    if options.token:
        return _given(options.token, ambient)
    found = _ambient(options, ambient) if options.ambient or options.provider else None
    if found is not None:
        return found
    if options.flow is Flow.TOKEN:
        raise UsageError("`--fulcio-auth-flow token` needs a token", hint="give it with `--identity-token`")
    return _sign_in(options, ambient, person, clocks or Clocks())


def _given(token: Secret, ambient: Ambient) -> IdentityToken:
    if looks_like_token(token.reveal()):
        return parse_token(token, source="`--identity-token`", limits=ambient.limits)
    path = Path(token.reveal())
    try:
        present = path.is_file()
    except (OSError, ValueError):
        present = False
    if not present:  # and what it is stays unsaid: it may be a secret of another kind
        raise UsageError(
            "`--identity-token` is neither an identity token nor the path of a file",
            hint="an identity token has three parts of base64 with points between them",
        )
    return parse_token(read_token_file(path, limits=ambient.limits), source=f"`{path}`", limits=ambient.limits)


def _ambient(options: Options, ambient: Ambient) -> IdentityToken | None:
    for provider in _asked(options.provider):
        secret = provider.token(ambient)
        if secret is not None:
            return parse_token(secret, source=provider.name, limits=ambient.limits)
        if options.provider:
            hint = provider.hint(ambient) or "leave out `--oidc-provider` to try every one"
            raise SigningError(f"the identity provider `{provider.name}` is not here", hint=hint, reason="NO_IDENTITY")
    return None


def _asked(name: str) -> list[AmbientProvider]:
    providers = list(ambient_providers())
    named = [provider for provider in providers if name in ("", provider.name)]
    if not named:
        known = ", ".join(f"`{provider.name}`" for provider in providers)
        raise UsageError(f"`--oidc-provider` is `{name}`, which is not known", hint=f"known are {known}")
    return named


def _sign_in(options: Options, ambient: Ambient, person: Person, clocks: Clocks) -> IdentityToken:
    flow = options.flow or _usual_flow(options, person)
    if flow is not Flow.CLIENT_CREDENTIALS and not options.terminal and not (flow is Flow.DEVICE and options.confirmed):
        raise _nobody(ambient)
    if not options.issuer:
        raise UsageError("there is no identity provider to sign in at", hint="name one with `--oidc-issuer`")
    sign_in = SignIn(
        network=ambient.network,
        issuer=discover_issuer(ambient.network, options.issuer, limits=ambient.limits),
        person=person,
        client=options.client,
        connector=CONNECTORS.get(options.connector, options.connector),
        redirect=options.redirect,
        limits=ambient.limits,
        wall=clocks.wall,
        clock=clocks.clock,
        sleep=clocks.sleep,
        random=clocks.random,
    )
    if flow is Flow.CLIENT_CREDENTIALS:
        return sign_in_as_client(sign_in)
    # a provider without sign-in by code still has one by browser, on whatever device
    if flow is Flow.DEVICE and (sign_in.issuer.device or options.flow is Flow.DEVICE or not options.terminal):
        return sign_in_by_device(sign_in)
    return sign_in_by_browser(sign_in)


def _usual_flow(options: Options, person: Person) -> Flow:
    return Flow.NORMAL if options.terminal and person.open_browser is not None else Flow.DEVICE


def _nobody(ambient: Ambient) -> SigningError:
    hints = [provider.hint(ambient) for provider in ambient_providers()]
    return SigningError(
        "there is no identity to sign with: no `--identity-token`, none in the surroundings, no terminal to sign in",
        hint=next((hint for hint in hints if hint), "give `--identity-token`, or sign with `--key`"),
        reason="NO_IDENTITY",
    )
