"""Signing in through the browser (OpenID Connect Core 1.0, section 3.1; RFC 8252; RFC 9700).

The code comes back to a listener on loopback (`assaymark.net.loopback`) with our state, is exchanged together with the
PKCE verifier, and the token is verified with our nonce. Where no browser can be opened, or nobody comes back, the
person opens the page anywhere and copies the code that it shows (`urn:ietf:wg:oauth:2.0:oob`), as with cosign.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from assaymark.attest.sigstore.oidc.flow import SCOPE, SignIn, denied
from assaymark.attest.sigstore.oidc.issuer import post_form
from assaymark.attest.sigstore.oidc.pkce import Ties, fresh_ties
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.errors import NetworkError, SigningError, UsageError
from assaymark.net.address import is_loopback
from assaymark.net.loopback import listen
from assaymark.net.url import parse_url

PATH: Final = "/auth/callback"
OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"

_DONE: Final = "You are signed in. This window can be closed; assaymark goes on in the terminal."
_DECLINED: Final = "The sign-in was declined. This window can be closed."


def sign_in_by_browser(sign_in: SignIn) -> IdentityToken:
    """The token of a person who signs in through the browser.

    Raises:
        SigningError: `NO_PKCE`, `LOGIN_DENIED`, `LOGIN_TIMEOUT`, or the token does not verify.
        LocalError: the port of the redirect URL is in use.
        NetworkError: the provider cannot be reached.
    """
    sign_in.issuer.require_pkce()
    ties = fresh_ties(sign_in.random)
    port, path = _redirect(sign_in.redirect)
    with listen(path, port=port, limits=sign_in.limits, clock=sign_in.clock) as listener:
        redirect = sign_in.redirect or listener.url
        url = _authorization_url(sign_in, ties, redirect)
        answers: list[dict[str, str]] = []
        opened = sign_in.person.open_browser is not None and sign_in.person.open_browser(url)
        if opened:
            sign_in.person.show(f"Sign in on the page that your browser shows now; if it shows none, open:\n{url}")
            listener.wait(lambda query: _accept(query, ties, answers), seconds=sign_in.limits.login_seconds)
        code = _code(answers[0], sign_in) if answers else ""
    if not code:
        redirect = OUT_OF_BAND
        code = _ask_for_code(sign_in, ties, opened=opened)
    return _exchange(sign_in, ties, code, redirect)


def _redirect(url: str) -> tuple[int, str]:
    """Port and path to listen on."""
    if not url:
        return 0, PATH
    try:
        target = parse_url(url)
    except NetworkError as exc:
        raise UsageError(f"`--oidc-redirect-url` cannot be used: {exc}") from exc
    if target.scheme != "http" or not is_loopback(target.host) or "?" in target.target:
        raise UsageError(
            f"`--oidc-redirect-url` is `{target}`, and only this machine can be listened on",
            hint="give a URL such as `http://localhost:8765/auth/callback`",
        )
    return target.port, target.target


def _authorization_url(sign_in: SignIn, ties: Ties, redirect: str) -> str:
    query = {
        "response_type": "code",
        "client_id": sign_in.client.id,
        "redirect_uri": redirect,
        "scope": SCOPE,
        "state": ties.state,
        "nonce": ties.nonce,
        "code_challenge": ties.challenge,
        "code_challenge_method": "S256",
        "access_type": "online",
        "connector_id": sign_in.connector,
    }
    url = sign_in.issuer.authorization
    filled = urlencode({name: value for name, value in query.items() if value})
    return f"{url}{'&' if '?' in url else '?'}{filled}"


def _accept(query: dict[str, str], ties: Ties, answers: list[dict[str, str]]) -> str | None:
    """Take the query that carries our state; anything else is somebody else's."""
    if query.get("state") != ties.state or not (query.get("code") or query.get("error")):
        return None
    answers.append(query)
    return _DONE if query.get("code") else _DECLINED


def _code(query: dict[str, str], sign_in: SignIn) -> str:
    if query.get("iss", sign_in.issuer.name) != sign_in.issuer.name:  # RFC 9207: a mix-up of two providers
        raise SigningError("the browser came back from another provider", hint="sign in again", reason="LOGIN_FAILED")
    if "error" in query:
        raise denied(dict(query), sign_in.issuer)
    return query["code"]


def _ask_for_code(sign_in: SignIn, ties: Ties, *, opened: bool) -> str:
    url = _authorization_url(sign_in, ties, OUT_OF_BAND)
    reason = "Nobody came back from the browser." if opened else "No browser could be opened here."
    sign_in.person.show(f"{reason} Open this page on any device, sign in, and copy the code that it shows:\n{url}")
    code = sign_in.person.ask("Code: ").strip()
    if not code:
        raise SigningError("no code was given", hint="use `--fulcio-auth-flow device`", reason="LOGIN_TIMEOUT")
    return code


def _exchange(sign_in: SignIn, ties: Ties, code: str, redirect: str) -> IdentityToken:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "client_id": sign_in.client.id,
        "client_secret": sign_in.client.secret.reveal(),
        "code_verifier": ties.verifier,
    }
    answer = post_form(sign_in.network, sign_in.issuer, sign_in.issuer.token, form, limits=sign_in.limits)
    return sign_in.token_in(answer, nonce=ties.nonce)
