"""What every way of signing in shares: the client, the person, and reading the token out of the provider's answer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from assaymark.attest.sigstore.oidc.issuer import Issuer
from assaymark.attest.sigstore.oidc.jwks import Wanted, verify_token
from assaymark.attest.sigstore.oidc.token import AUDIENCE, IdentityToken
from assaymark.attest.sigstore.reply import Answer
from assaymark.errors import SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.network import Network
from assaymark.net.secret import Secret
from assaymark.safeio.text import printable

SCOPE: Final = "openid email"
CONNECTORS: Final = {
    "google": "https://accounts.google.com",
    "github": "https://github.com/login/oauth",
    "microsoft": "https://login.microsoftonline.com",
}
"""The accounts behind the public issuer, as its `connector_id` calls them."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """What we are to the provider; a public client has no secret."""

    id: str = AUDIENCE
    secret: Secret = Secret()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs in, and how to reach them.

    Attributes:
        show: prints a line or more.
        ask: asks for one line.
        open_browser: opens a URL; False where it cannot. None where there is no browser.
    """

    show: Callable[[str], None]
    ask: Callable[[str], str]
    open_browser: Callable[[str], bool] | None = None


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to sign in at one provider.

    Attributes:
        connector: which account behind the provider; empty leaves the choice to the person.
        redirect: our own URL that the provider sends the browser to; empty for any free port.
        wall: seconds since 1970.
        clock: monotonic seconds.
    """

    network: Network
    issuer: Issuer
    person: Person
    client: Client = Client()
    connector: str = ""
    redirect: str = ""
    limits: Limits = DEFAULT_LIMITS
    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[int], bytes] = secrets.token_bytes

    def token_in(self, answer: Answer, *, nonce: str = "") -> IdentityToken:
        """The verified token that the provider's answer carries.

        Raises:
            SigningError: the provider refuses, or the token does not verify.
            NetworkError: the answer is malformed.
        """
        document = answer.document(limits=self.limits)
        if not answer.good:
            raise denied(document, self.issuer)
        raw, access = document.get("id_token"), document.get("access_token")
        if not isinstance(raw, str) or not raw:
            raise answer.malformed("there is no `id_token` in it")
        wanted = Wanted(client=self.client.id, nonce=nonce, access_token=access if isinstance(access, str) else "")
        return verify_token(self.network, self.issuer, Secret(raw), wanted, now=self.wall(), limits=self.limits)


def denied(document: dict[str, Any], issuer: Issuer) -> SigningError:
    """The error for a provider's no (RFC 6749, sections 4.1.2.1 and 5.2; RFC 8628, section 3.5)."""
    code, words = str(document.get("error", "")), str(document.get("error_description", ""))
    said = printable(": ".join(part for part in (code, words) if part))[:300] or "no reason given"
    name = printable(issuer.name)
    if code == "access_denied":
        hint = "nothing was signed; sign in again and agree, or choose another account"
        return SigningError(f"the sign-in at `{name}` was declined ({said})", hint=hint, reason="LOGIN_DENIED")
    if code == "expired_token":
        return SigningError(f"nobody signed in at `{name}` in time", hint="try again", reason="LOGIN_TIMEOUT")
    if code in ("invalid_client", "unauthorized_client"):
        hint = "`--oidc-client-id` and `--oidc-client-secret-file` must be those of a client at this provider"
        return SigningError(f"`{name}` does not know this client ({said})", hint=hint, reason="LOGIN_FAILED")
    return SigningError(f"the sign-in at `{name}` failed ({said})", hint="try again", reason="LOGIN_FAILED")
