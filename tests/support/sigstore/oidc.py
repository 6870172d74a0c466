"""The issuer of tokens at `/auth`: discovery, keys, the browser flow with PKCE and the device flow.

Who consents is `provider.account`; without one, a browser gets a page on which to choose. It is strict where clients go
wrong: a redirect that is not to loopback, a code used twice, a verifier that does not match. Sources: OpenID Connect Core
and Discovery; RFC 6749, 7636, 8252, 8628; Dex for the addresses, the statuses and the shape of tokens.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import unquote, urlencode

from tests.support.sigstore import tokens
from tests.support.sigstore.accounts import ACCOUNTS, Account
from tests.support.sigstore.call import Call, Reply, html, json_reply
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.switches import Switch

CLIENT: Final = "sigstore"
OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"

_LOOPBACK: Final = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?(?:/[^#]*)?\Z")


@dataclass
class _Code:
    """What an authorization code stands for."""

    account: Account
    redirect: str
    challenge: str
    nonce: str


@dataclass
class _Device:
    """A device that waits for consent; `polls` counts how often it asked."""

    user_code: str
    challenge: str
    account: Account | None = None
    denied: bool = False
    polls: int = 0


class Provider:
    """The issuer's state.

    Attributes:
        account: who consents at once; None to ask in the browser.
        polls: how often a device is told to wait before `account` consents.
    """

    def __init__(self, instance: Instance) -> None:
        self.account: Account | None = None
        self.polls = 1
        self._instance = instance
        self._codes: dict[str, _Code] = {}
        self._devices: dict[str, _Device] = {}

    def answer(self, call: Call) -> Reply | None:
        """The reply, or None when the path is not the issuer's."""
        routes = {
            ("GET", "/auth/.well-known/openid-configuration"): self._discovery,
            ("GET", "/auth/keys"): self._keys,
            ("GET", "/auth/auth"): self._authorize,
            ("POST", "/auth/token"): self._token,
            ("POST", "/auth/device/code"): self._device_code,
            ("GET", "/auth/device"): self._device_page,
        }
        serve = routes.get((call.method, call.path))
        return serve(call) if serve else None

    def consent(self, user_code: str, account: Account) -> None:
        """Let the device that shows `user_code` in, as `account`."""
        self._waiting(user_code).account = account

    def deny(self, user_code: str) -> None:
        """Turn the device that shows `user_code` away."""
        self._waiting(user_code).denied = True

    def _waiting(self, user_code: str) -> _Device:
        return next(device for device in self._devices.values() if device.user_code == user_code)

    def _discovery(self, call: Call) -> Reply:
        issuer = f"{call.base}/auth"
        stated = "https://issuer.mallory.test" if Switch.OTHER_DISCOVERY_ISSUER in call.switches else issuer
        document = {
            "issuer": stated,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "device_authorization_endpoint": f"{issuer}/device/code",
            "grant_types_supported": ["authorization_code", DEVICE_GRANT],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "scopes_supported": ["openid", "email", "groups", "profile", "offline_access"],
        }
        if Switch.NO_PKCE in call.switches:
            del document["code_challenge_methods_supported"]
        return json_reply(document)

    def _keys(self, _: Call) -> Reply:
        return json_reply({"keys": [tokens.json_web_key(tokens.signing_key(tokens.OURS))]})

    def _authorize(self, call: Call) -> Reply:
        query = call.query
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT:
            return html("<h1>Unknown client</h1>", 404)
        if redirect != OUT_OF_BAND and not _LOOPBACK.match(redirect):
            return html("<h1>Unregistered redirect_uri</h1>", 400)
        if problem := _request_problem(query):
            return _redirect(redirect, call, {"error": problem})
        if Switch.DENIED_CONSENT in call.switches or query.get("account") == "nobody":
            description = "the user denied the request"
            return _redirect(redirect, call, {"error": "access_denied", "error_description": description})
        account = ACCOUNTS.get(query.get("account", ""), self.account)
        if account is None:
            return _choice(call, "/auth/auth")
        code = self._secret("code", len(self._codes))
        self._codes[code] = _Code(account, redirect, query["code_challenge"], query.get("nonce", ""))
        return _redirect(redirect, call, {"code": code})

    def _token(self, call: Call) -> Reply:
        form = call.form
        if _client(call, form) != CLIENT:
            return _error("invalid_client", 401)
        if form.get("grant_type") == DEVICE_GRANT:
            return self._device_token(call, form)
        code = self._codes.pop(form.get("code", ""), None)
        if form.get("grant_type") != "authorization_code" or code is None:
            return _error("invalid_grant")
        if code.redirect != form.get("redirect_uri") or not _matches(code.challenge, form):
            return _error("invalid_grant")
        return self._grant(call, code.account, code.nonce)

    def _device_code(self, call: Call) -> Reply:
        form = call.form
        if form.get("client_id") != CLIENT:
            return _error("invalid_client", 401)
        if form.get("code_challenge_method") != "S256" or not form.get("code_challenge"):
            return _error("invalid_request")
        secret, number = self._secret("device", len(self._devices)), len(self._devices)
        user_code = f"FAKE-{number:04d}"
        self._devices[secret] = _Device(user_code, form["code_challenge"])
        page = f"{call.base}/auth/device"
        return json_reply(
            {
                "device_code": secret,
                "user_code": user_code,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={user_code}",
                "expires_in": 300,
                "interval": 1,
            }
        )

    def _device_page(self, call: Call) -> Reply:
        user_code, name = call.query.get("user_code", ""), call.query.get("account", "")
        if user_code not in {device.user_code for device in self._devices.values()}:
            return html("<form><label>Code <input name=user_code></label> <button>Go on</button></form>")
        if name == "nobody":
            self.deny(user_code)
            return html("<h1>Turned away</h1>")
        if name not in ACCOUNTS:
            return _choice(call, "/auth/device")
        self.consent(user_code, ACCOUNTS[name])
        return html("<h1>Let in; go back to the terminal</h1>")

    def _device_token(self, call: Call, form: dict[str, str]) -> Reply:
        device = self._devices.get(form.get("device_code", ""))
        if device is None or not _matches(device.challenge, form):
            return _error("invalid_grant")
        if device.denied or Switch.DENIED_CONSENT in call.switches:
            return _error("access_denied")
        if Switch.DEVICE_EXPIRED in call.switches:
            return _error("expired_token")
        device.polls += 1
        if device.polls <= self.polls:
            if Switch.DEVICE_SLOW_DOWN in call.switches:
                return _error("slow_down")
            return _error("authorization_pending", 401)
        account = device.account or self.account
        return self._grant(call, account, "") if account else _error("authorization_pending", 401)

    def _grant(self, call: Call, account: Account, nonce: str) -> Reply:
        issuer = f"{call.base}/auth"
        # as Dex makes them: a token of the same shape, which sigstore-python takes for the identity token
        access = self._instance.token(account, *call.switches, issuer=issuer)
        hashed = tokens.half_hash("another" if Switch.WRONG_AT_HASH in call.switches else access)
        claims: dict[str, Any] = {"at_hash": hashed}
        if nonce:
            claims["nonce"] = "another" if Switch.WRONG_NONCE in call.switches else nonce
        token = self._instance.token(account, *call.switches, issuer=issuer, **claims)
        return json_reply({"access_token": access, "token_type": "bearer", "expires_in": 600, "id_token": token})

    def _secret(self, kind: str, number: int) -> str:
        key = tokens.key_id(tokens.signing_key(tokens.OURS))
        return hashlib.sha256(f"{key} {kind} {number} {self._instance.clock()}".encode()).hexdigest()


def _request_problem(query: Any) -> str:
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in query.get("scope", "").split():
        return "invalid_scope"
    proven = query.get("code_challenge_method") == "S256" and query.get("code_challenge") and query.get("state")
    return "" if proven else "invalid_request"


def _redirect(redirect: str, call: Call, parts: dict[str, str]) -> Reply:
    if redirect == OUT_OF_BAND:
        return html(f"<h1>Your code</h1><p><code>{escape(parts.get('code') or parts['error'])}</code>")
    state = "another" if Switch.WRONG_STATE in call.switches else call.query.get("state", "")
    query = urlencode({**parts, "state": state})
    return Reply(303, {"Location": f"{redirect}{'&' if '?' in redirect else '?'}{query}"})


def _choice(call: Call, path: str) -> Reply:
    links = "".join(
        f'<li><a href="{escape(call.base + path)}?{escape(urlencode({**call.query, "account": name}))}">{name}</a>'
        for name in (*(name for name, account in ACCOUNTS.items() if not account.issuer), "nobody")
    )
    return html(f"<h1>Who are you?</h1><ul>{links}</ul>")


def _client(call: Call, form: dict[str, str]) -> str:
    kind, _, credentials = call.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", "")
    return unquote(base64.b64decode(credentials).decode().partition(":")[0])


def _matches(challenge: str, form: dict[str, str]) -> bool:
    return tokens.encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()) == challenge


def _error(name: str, status: int = 400) -> Reply:
    return json_reply({"error": name}, status)
