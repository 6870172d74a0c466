"""Where machines get their tokens: the services of GitHub Actions, Buildkite and Google Cloud.

`environment(instance, name)` is what a job there finds in its environment. Sources: the services' documentation of their OpenID Connect
tokens, and what Cosign asks them (reference, token sources).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from tests.support.sigstore import accounts
from tests.support.sigstore.call import Call, Reply, json_reply, plain
from tests.support.sigstore.instance import AUDIENCE, Instance

SECRET: Final = "job-secret"
_JOB: Final = "0190b2c4-0000-4000-8000-0000000000b1"
_GENERATE: Final = re.compile(r"/v1/projects/-/serviceAccounts/(?P<email>[^/:]+):generateIdToken\Z")


def environment(instance: Instance, name: str) -> dict[str, str]:
    """The variables of a job at `github-actions`, `gitlab`, `buildkite`, `circleci` or `google`."""
    circleci = accounts.CIRCLECI.rpartition("/")[2]  # without a wish, its tokens are for the organization itself
    variables = {
        "github-actions": {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET,
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{instance.url}/ambient/github/token?api-version=2.0",
        },
        "gitlab": {"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": instance.token(accounts.gitlab())},
        "buildkite": {
            "BUILDKITE": "true",
            "BUILDKITE_AGENT_ACCESS_TOKEN": SECRET,
            "BUILDKITE_AGENT_ENDPOINT": f"{instance.url}/ambient/buildkite/v3",
            "BUILDKITE_JOB_ID": _JOB,
        },
        "circleci": {
            "CIRCLECI": "true",
            "CIRCLE_OIDC_TOKEN_V2": instance.token(accounts.circleci(), aud=circleci),
        },
        "google": {"GCE_METADATA_HOST": urlsplit(instance.url).netloc},
    }
    return variables[name]


def answer(instance: Instance, call: Call) -> Reply | None:
    """The reply, or None when the path is none of these services'."""
    if match := _GENERATE.match(call.path):
        return _impersonate(instance, call, match["email"])
    if call.path.startswith("/tokens/"):  # of nobody's making: for people who try things by hand
        account = accounts.ACCOUNTS.get(call.path.removeprefix("/tokens/"))
        return plain(instance.token(account, *call.switches)) if account else None
    serve = _ROUTES.get((call.method, call.path))
    return serve(instance, call) if serve else None


def _github(instance: Instance, call: Call) -> Reply:
    if call.headers.get("authorization", "").lower() != f"bearer {SECRET}":
        return plain("the token is not good", 401)
    return json_reply({"value": _issue(instance, call, accounts.github_actions(), call.query.get("audience", ""))})


def _buildkite(instance: Instance, call: Call) -> Reply:
    if call.headers.get("authorization") != f"Token {SECRET}":
        return json_reply({"message": "Invalid access token"}, 401)
    return json_reply({"token": _issue(instance, call, accounts.buildkite(), call.document.get("audience", ""))})


def _google(instance: Instance, call: Call) -> Reply:
    if call.headers.get("metadata-flavor") != "Google":
        return plain("Metadata-Flavor is missing", 403)
    reply = plain(_issue(instance, call, accounts.google_service_account(), call.query.get("audience", "")))
    reply.headers["Metadata-Flavor"] = "Google"
    return reply


def _impersonate(instance: Instance, call: Call, email: str) -> Reply:
    if call.headers.get("authorization") != f"Bearer {SECRET}":
        return json_reply({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
    account = accounts.google_service_account(email)
    return json_reply({"token": _issue(instance, call, account, call.document.get("audience", ""))})


def _access_token(_: Instance, call: Call) -> Reply:
    if call.headers.get("metadata-flavor") != "Google":
        return plain("Metadata-Flavor is missing", 403)
    return json_reply({"access_token": SECRET, "expires_in": 3599, "token_type": "Bearer"})


def _issue(instance: Instance, call: Call, account: accounts.Account, audience: str) -> str:
    if audience == AUDIENCE:
        return instance.token(account, *call.switches)
    return instance.token(account, *call.switches, aud=audience)


_METADATA: Final = "/computeMetadata/v1/instance/service-accounts/default"
_ROUTES: Final[Mapping[tuple[str, str], Callable[[Instance, Call], Reply]]] = {
    ("GET", "/ambient/github/token"): _github,
    ("POST", f"/ambient/buildkite/v3/jobs/{_JOB}/oidc/tokens"): _buildkite,
    ("GET", f"{_METADATA}/identity"): _google,
    ("GET", f"{_METADATA}/token"): _access_token,
}
