"""Answers a registry's challenges: Basic (RFC 7617) and Bearer (distribution, "Token Authentication" and "OAuth2").

Rules:

1. The first request carries nothing but a registry token the user gave; a 401 brings the challenge, and only then are
   credentials looked for. Several are tried in order until one is accepted.
2. Credentials and tokens are sent over https, over http on loopback, and over http elsewhere only when the user allowed
   plain http by a flag; for the registry itself its origin is chosen so (`assaymark.oci.registry`, rule 1).
3. The realm, the place where tokens are got, is the registry's word, so it is checked (CVE-2020-15157): http or https;
   http only on the registry's own origin or on loopback; never nearer than the registry itself, so a public registry
   cannot send us into a private network. Credentials go to the registry's own host, to the known pairs and to the hosts
   that the user named; any other realm gets an anonymous request.
4. `service` is echoed. The scope is our own, `repository:NAME:ACTIONS`; a challenge that asks for another kind of scope
   (`aws`) or calls the repository otherwise is echoed.
5. Tokens are kept for their scope until shortly before they expire.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from assaymark.errors import NetworkError
from assaymark.limits import Limits
from assaymark.net.address import Locality, is_loopback
from assaymark.net.network import Network, Response
from assaymark.net.secret import Secret
from assaymark.net.tls import TlsOptions
from assaymark.net.url import Url, parse_url, shown
from assaymark.oci.challenge import Challenge, parse_challenges
from assaymark.oci.credentials import Credential
from assaymark.safeio.json import decode_go

CLIENT_ID: Final = "assaymark"
KNOWN_REALMS: Final[Mapping[str, str]] = {
    "index.docker.io": "auth.docker.io",
    "registry.gitlab.com": "gitlab.com",
}
"""Registries whose token service has another host name; all others must be named by the user."""

_MARGIN_SECONDS: Final = 5.0
_DEFAULT_SECONDS: Final = 60.0
_REFUSALS: Final = frozenset({401, 403})

Headers = dict[str, str]
Send = Callable[[Headers], Response]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How one registry is reached.

    Attributes:
        registry: its name as in references.
        base: its origin.
        plain: whether the user allowed credentials over plain http.
        realms: hosts that may have the registry's credentials besides itself.
        tls: certificates for this registry.
    """

    registry: str
    base: Url
    plain: bool = False
    realms: tuple[str, ...] = ()
    tls: TlsOptions | None = None

    def url(self, path: str) -> str:
        """An absolute URL below the origin."""
        return parse_url(path, base=self.base).full

    def trusts(self, url: Url) -> bool:
        """Whether credentials may travel to `url` as far as the connection goes."""
        return url.scheme == "https" or is_loopback(url.host) or (self.plain and url.origin == self.base.origin)


class _Token(msgspec.Struct, frozen=True, kw_only=True):
    value: Secret
    expires: float


class Authorizer:
    """Authenticates the requests to one repository; safe to use from several threads."""

    def __init__(
        self,
        network: Network,
        endpoint: Endpoint,
        *,
        repository: str,
        candidates: Callable[[], Sequence[Credential | None]],
        limits: Limits,
        token: Secret | None = None,
        notes: list[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._network = network
        self.endpoint = endpoint
        self._given = token or Secret()
        self._repository = repository
        self._find_candidates = candidates
        self._limits = limits
        self._clock = clock
        self._candidates: Sequence[Credential | None] | None = None
        self._current = 0
        self._challenges: dict[str, Sequence[Challenge]] = {}
        self._tokens: dict[tuple[int, str], _Token] = {}
        self._lock = threading.RLock()
        self.notes: list[str] = [] if notes is None else notes

    def send(self, call: Send, *, actions: str) -> Response:
        """The response to `call`, which is made with whatever authorisation it needs for `actions`.

        A response that is still 401 or 403 means that everything was tried; `notes` says what was.
        """
        if self._given:
            return call({"Authorization": f"Bearer {self._given.reveal()}"})
        response = call(self._ready(actions))
        if response.status not in _REFUSALS:
            return response
        with self._lock:
            challenges = self._challenges_of(response)
            for position in range(self._current, len(self.candidates) if challenges else 0):
                headers = self._answer(challenges, position, actions)
                if headers is None:
                    continue
                response.close()
                response = call(headers)
                if response.status not in _REFUSALS:
                    self._current = position
                    self._challenges[actions] = challenges
                    return response
                self._note_refusal(position, self.endpoint.registry)
        return response

    def clean(self, text: str) -> str:
        """`text` without our credentials: some servers repeat what they refuse."""
        secrets = [self._given, *(token.value for token in self._tokens.values())]
        for credential in self._candidates or ():
            if credential is not None:
                secrets += [credential.password, credential.identity_token, credential.registry_token]
                secrets.append(Secret(credential.basic().removeprefix("Basic ")))
        for secret in secrets:
            text = text.replace(secret.reveal(), "***") if secret else text
        return text

    @property
    def candidates(self) -> Sequence[Credential | None]:
        """The credentials to try, in order; None stands for none. Looked for when first needed."""
        if self._candidates is None:
            self._candidates = self._find_candidates()
        return self._candidates

    def _ready(self, actions: str) -> Headers:
        """What is known to be accepted for `actions`, without asking the registry first."""
        with self._lock:
            if actions not in self._challenges:
                return {}
            token = self._tokens.get((self._current, actions))
            if token is not None and token.expires > self._clock():
                return {"Authorization": f"Bearer {token.value.reveal()}"}
            return self._answer(self._challenges[actions], self._current, actions) or {}

    def _challenges_of(self, response: Response) -> Sequence[Challenge]:
        found = parse_challenges(response.headers.all("www-authenticate"))
        if found:
            return found
        # some servers challenge at the base alone
        url = self.endpoint.url("/v2/")
        with self._network.request("GET", url, tls=self.endpoint.tls) as ping:
            return parse_challenges(ping.headers.all("www-authenticate")) if ping.status == 401 else ()

    def _answer(self, challenges: Sequence[Challenge], position: int, actions: str) -> Headers | None:
        """The header that answers one of `challenges`; None where this credential answers none of them."""
        credential = self.candidates[position]
        if credential is not None and credential.registry_token:
            return {"Authorization": f"Bearer {credential.registry_token.reveal()}"}
        for challenge in sorted(challenges, key=lambda challenge: challenge.scheme != "bearer"):
            if challenge.scheme == "bearer":
                token = self._token(challenge, credential, position, actions)
                return {"Authorization": f"Bearer {token.reveal()}"} if token else None
            if challenge.scheme == "basic" and credential is not None and credential.password:
                return {"Authorization": credential.basic()}
        return None

    def _token(self, challenge: Challenge, credential: Credential | None, position: int, actions: str) -> Secret | None:
        realm = self._realm(challenge)
        if credential is not None and not self._may_have(realm, credential):
            credential = None
        wanted, _, elsewhere = actions.partition(" ")
        scope = f"{scope_for(challenge.get('scope'), self._repository, wanted)} {elsewhere}".strip()
        with self._ask(realm, challenge.get("service"), scope, credential) as response:
            if 400 <= response.status < 500 and response.status not in (408, 429):
                self._note_refusal(position, realm.host)
                return None
            document = self._document(response, realm)
        token = _token_of(document, realm)
        seconds = document.get("expires_in")
        lifetime = float(seconds) if isinstance(seconds, (int, float)) and seconds > 0 else _DEFAULT_SECONDS
        self._tokens[position, actions] = _Token(value=token, expires=self._clock() + lifetime - _MARGIN_SECONDS)
        return token

    def _realm(self, challenge: Challenge) -> Url:
        """Rule 3, as far as the text goes; addresses are looked at when the connection is made."""
        text, base = challenge.get("realm"), self.endpoint.base
        if not text:
            raise NetworkError(f"`{self.endpoint.registry}` asks for a token and does not say where to get it")
        realm = parse_url(text)
        if realm.scheme == "http" and realm.origin != base.origin and not is_loopback(realm.host):
            raise NetworkError(f"`{self.endpoint.registry}` wants tokens to be got over plain http from `{realm}`")
        return realm

    def _may_have(self, realm: Url, credential: Credential) -> bool:
        allowed = {self.endpoint.base.host, *self.endpoint.realms, KNOWN_REALMS.get(self.endpoint.registry)}
        if realm.host in allowed and self.endpoint.trusts(realm):
            return True
        self.notes.append(
            f"the credentials from {credential.source} were not sent to `{realm.host}`, which is not the registry's"
            f" host; if that is its token service, say `--registry-auth-host {realm.host}`"
        )
        return False

    def nearest(self, url: Url) -> Locality:
        """How near a host that the registry names may be: its own, or as near as the registry itself."""
        if url.host == self.endpoint.base.host:
            return Locality.LOOPBACK
        near = self._network.locality(self.endpoint.base.host)
        # where a proxy resolves names, what it reaches is its business
        return Locality.PRIVATE if near is Locality.UNKNOWN else near

    def _ask(self, realm: Url, service: str, scope: str, credential: Credential | None) -> Response:
        nearest = self.nearest(realm)
        certificates = self.endpoint.tls if realm.origin == self.endpoint.base.origin else None
        pairs = [("service", service)] if service else []
        pairs += [("scope", part) for part in scope.split()]
        if credential is not None and credential.identity_token:
            form = [*pairs, ("grant_type", "refresh_token"), ("client_id", CLIENT_ID)]
            form += [("refresh_token", credential.identity_token.reveal())]
            return self._network.request(
                "POST",
                realm.full,
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                body=urlencode(form).encode(),
                repeatable=True,
                redirects=False,  # the body is a credential
                nearest=nearest,
                tls=certificates,
            )
        url = f"{realm.full}{'&' if '?' in realm.target else '?'}{urlencode(pairs)}" if pairs else realm.full
        headers = {"Accept": "application/json"}
        if credential is not None and credential.password:
            headers["Authorization"] = credential.basic()
        return self._network.request("GET", url, headers=headers, nearest=nearest, tls=certificates)

    def _document(self, response: Response, realm: Url) -> dict[str, Any]:
        if response.status != 200:
            raise NetworkError(
                f"the token service `{realm}` answered with status {response.status} ({response.tries} tries)"
            )
        data = response.bounded(self._limits.token_bytes, what=f"token of {realm}")
        document = decode_go(data, limits=self._limits, what=f"token of {realm}")
        if not isinstance(document, dict):
            raise NetworkError(f"the token service `{realm}` did not answer with a JSON object")
        return document

    def _note_refusal(self, position: int, host: str) -> None:
        credential = self.candidates[position]
        if credential is not None:
            note = f"`{host}` refused the credentials from {credential.source or 'the command line'}"
            if note not in self.notes:
                self.notes.append(note)


def scope_for(echoed: str, repository: str, actions: str) -> str:
    """The scope to ask a token for, given the one in the challenge (rule 4)."""
    own = f"repository:{repository}:"
    if not repository:
        return echoed
    parts = [part for part in echoed.split() if part.startswith(own)]
    if echoed and not parts:
        return echoed
    wanted = set(actions.split(",")).union(*(part.removeprefix(own).split(",") for part in parts))
    return own + ",".join(sorted(wanted))


def _token_of(document: Mapping[str, Any], realm: Url) -> Secret:
    value = document.get("token") or document.get("access_token")
    # what goes into a header must not be able to end it
    if not isinstance(value, str) or not value.isascii() or not all("!" <= mark <= "~" for mark in value):
        raise NetworkError(f"the token service `{shown(str(realm))}` gave no token")
    return Secret(value)
