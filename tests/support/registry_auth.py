"""How the in-process registry authenticates, and what else differs from one service to the next."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.support.registry import MemoryRegistry
    from tests.support.registry_http import Exchange, Reply


@dataclass(kw_only=True)
class Behaviour:
    """What one registry does its own way.

    Attributes:
        referrers: whether `/referrers/` is offered; `referrers_page` is how many descriptors it lists at once.
        conditional: whether manifests carry an ETag and If-Match, If-None-Match are obeyed.
        auth: what a client without permission is asked for.
        accounts: names and passwords; `identity_token` is the refresh token that the token service takes.
        anonymous_pull: whether pulling needs no account.
        realm: the token service's URL; by default our own `/token`. `realm_paths` are the paths that serve tokens here.
        scope: the scope in challenges: "asked" for the operation's own, "" for none, any other text as it is.
        token_field: the member of the token reply that has the token.
        blob_redirect: the origin that blobs are redirected to; it must lead to a server that has `/blob-store/…`.
        error_shape: the body of errors.
        location: how uploads are continued.
        missing_is_denied: whether a repository that does not exist answers as one that is forbidden.
        headers: sent with every reply.
    """

    referrers: bool = True
    referrers_page: int = 0
    conditional: bool = True
    auth: Literal["none", "basic", "token"] = "none"
    accounts: Mapping[str, str] = field(default_factory=lambda: {"robin": "correct horse"})
    identity_token: str = "identity-token"
    anonymous_pull: bool = False
    realm: str = ""
    realm_paths: tuple[str, ...] = ("/token",)
    basic_realm: str = "registry"
    service: str = "registry.test"
    scope: str = "asked"
    token_field: str = "token"
    token_seconds: int = 300
    blob_redirect: str = ""
    error_shape: Literal["oci", "html", "jfrog", "plain"] = "oci"
    location: Literal["relative", "absolute"] = "relative"
    location_origin: str = ""
    missing_is_denied: bool = False
    digest_header: bool = True
    deletes: bool = True
    subject_header: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


class Tokens:
    """The tokens given out: what each allows."""

    def __init__(self) -> None:
        self.scopes: dict[str, set[str]] = {}
        self._numbers = itertools.count(1)

    def issue(self, scopes: set[str]) -> str:
        """A new token for `scopes`, each `repository:name:action`."""
        token = f"token-{next(self._numbers)}-secret"
        self.scopes[token] = scopes
        return token


def account(registry: MemoryRegistry, authorization: str) -> str | None:
    """The name behind a Basic header; "" without a header, None for a wrong one."""
    if not authorization:
        return ""
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    name, _, password = base64.b64decode(value).decode().partition(":")
    return name if registry.behaviour.accounts.get(name) == password else None


def permitted(registry: MemoryRegistry, exchange: Exchange, repository: str, action: str) -> bool:
    """Whether the request may do `action` ("pull" or "push") on `repository`."""
    behaviour = registry.behaviour
    if behaviour.auth == "none":
        return True
    authorization = exchange.headers.get("authorization", "")
    if behaviour.auth == "basic":
        free = behaviour.anonymous_pull and action == "pull" and not authorization
        return free or bool(account(registry, authorization))
    granted = registry.tokens.scopes.get(authorization.removeprefix("Bearer "))
    return granted is not None and (f"{repository}:{action}" in granted or not repository)


def challenge(registry: MemoryRegistry, repository: str, action: str) -> str:
    """The WWW-Authenticate header for a request that is not permitted."""
    behaviour = registry.behaviour
    if behaviour.auth == "basic":
        return f'Basic realm="{behaviour.basic_realm}"'
    realm = behaviour.realm or f"{registry.url}/token"
    header = f'Bearer realm="{realm}",service="{behaviour.service}"'
    if behaviour.scope == "asked" and repository:
        return f'{header},scope="repository:{repository}:{"pull,push" if action == "push" else "pull"}"'
    return f'{header},scope="{behaviour.scope}"' if behaviour.scope not in ("", "asked") else header


def serve_token(registry: MemoryRegistry, exchange: Exchange) -> Reply:
    """The token service: GET with Basic (distribution, "Token Authentication"), POST with OAuth 2."""
    from tests.support.registry_http import Reply

    posted = exchange.method == "POST"
    query = parse_qs(exchange.body.decode() if posted else urlsplit(exchange.path).query)
    name = _grantee(registry, query) if posted else account(registry, exchange.headers.get("authorization", ""))
    if name is None:
        return Reply(401, body=b'{"details":"incorrect username or password"}')
    granted = set()
    for scope in itertools.chain.from_iterable(text.split() for text in query.get("scope", [])):
        granted |= _granted(registry, scope, name)
    token = registry.tokens.issue(granted)
    body = {registry.behaviour.token_field: token, "expires_in": registry.behaviour.token_seconds}
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


def _grantee(registry: MemoryRegistry, form: Mapping[str, list[str]]) -> str | None:
    refresh = form.get("refresh_token", [""])[0]
    return "identity" if refresh and refresh == registry.behaviour.identity_token else None


def _granted(registry: MemoryRegistry, scope: str, name: str) -> set[str]:
    if not scope.startswith("repository:"):  # one scope for everything, such as `aws`
        actions = ("pull", "push") if name else ("pull",)
        return {f"{repository}:{action}" for repository in registry.repositories for action in actions}
    _, repository, actions_text = scope.split(":", 2)
    wanted = actions_text.split(",")
    if name:
        return {f"{repository}:{action}" for action in wanted}
    return {f"{repository}:pull"} if registry.behaviour.anonymous_pull and "pull" in wanted else set()
