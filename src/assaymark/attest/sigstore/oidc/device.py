"""Signing in on another device (RFC 8628), for machines without a browser: a code is shown, and the provider is polled.

Rules: the provider's own pace is kept (`interval`, five seconds where it names none, five more for each `slow_down`),
its `expires_in` ends the wait, and so does `Limits.login_seconds` where that is sooner. PKCE is demanded here too, as
cosign does.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.attest.sigstore.oidc.flow import SCOPE, SignIn, denied
from assaymark.attest.sigstore.oidc.issuer import post_form
from assaymark.attest.sigstore.oidc.pkce import fresh_ties
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.attest.sigstore.reply import number_of, text_of
from assaymark.errors import SigningError
from assaymark.safeio.text import printable

GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"

_INTERVAL_SECONDS: Final = 5
_SLOWER_SECONDS: Final = 5
_LONGEST_INTERVAL: Final = 60


class _Code(msgspec.Struct, frozen=True, kw_only=True):
    device: str
    user: str
    page: str
    interval: int
    seconds: int


def sign_in_by_device(sign_in: SignIn) -> IdentityToken:
    """The token of a person who signs in on another device.

    Raises:
        SigningError: `NO_DEVICE_FLOW`, `NO_PKCE`, `LOGIN_DENIED`, `LOGIN_TIMEOUT`, or the token does not verify.
        NetworkError: the provider cannot be reached.
    """
    issuer = sign_in.issuer
    if not issuer.device:
        raise SigningError(
            f"the identity provider `{printable(issuer.name)}` has no sign-in by code",
            hint="sign in where there is a browser, or give a token with `--identity-token`",
            reason="NO_DEVICE_FLOW",
        )
    issuer.require_pkce()
    ties = fresh_ties(sign_in.random)
    code = _ask_for_code(sign_in, ties.challenge)
    sign_in.person.show(
        f"Open this page on any device and enter the code {printable(code.user)}:\n{printable(code.page)}"
    )
    return _poll(sign_in, code, ties.verifier)


def _ask_for_code(sign_in: SignIn, challenge: str) -> _Code:
    form = {
        "client_id": sign_in.client.id,
        "client_secret": sign_in.client.secret.reveal(),
        "scope": SCOPE,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "connector_id": sign_in.connector,
    }
    answer = post_form(sign_in.network, sign_in.issuer, sign_in.issuer.device, form, limits=sign_in.limits)
    if not answer.good:
        raise answer.failure(hint="sign in where there is a browser, or give a token with `--identity-token`")
    document = answer.document(limits=sign_in.limits)
    try:
        return _read_code(document)
    except ValueError as exc:
        raise answer.malformed(str(exc)) from exc


def _read_code(document: dict[str, Any]) -> _Code:
    complete = document.get("verification_uri_complete")
    return _Code(
        device=text_of(document, "device_code"),
        user=text_of(document, "user_code"),
        page=complete if isinstance(complete, str) and complete else text_of(document, "verification_uri"),
        interval=min(number_of(document, "interval") or _INTERVAL_SECONDS, _LONGEST_INTERVAL),
        seconds=number_of(document, "expires_in"),
    )


def _poll(sign_in: SignIn, code: _Code, verifier: str) -> IdentityToken:
    form = {
        "grant_type": GRANT,
        "device_code": code.device,
        "client_id": sign_in.client.id,
        "client_secret": sign_in.client.secret.reveal(),
        "scope": SCOPE,
        "code_verifier": verifier,
    }
    interval = code.interval
    deadline = sign_in.clock() + min(code.seconds or sign_in.limits.login_seconds, sign_in.limits.login_seconds)
    while sign_in.clock() < deadline:
        answer = post_form(sign_in.network, sign_in.issuer, sign_in.issuer.token, form, limits=sign_in.limits)
        error = "" if answer.good else answer.document(limits=sign_in.limits).get("error")
        if error not in ("authorization_pending", "slow_down"):
            return sign_in.token_in(answer)
        interval += _SLOWER_SECONDS if error == "slow_down" else 0
        sign_in.sleep(interval)
    raise denied({"error": "expired_token"}, sign_in.issuer)
