"""GitHub Actions (docs.github.com, "OpenID Connect reference"): a job with `id-token: write` may ask for a token."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider, require_secret
from assaymark.attest.sigstore.reply import ask
from assaymark.net.secret import Secret

_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the name of a variable
_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
_PERMISSION: Final = "in the workflow, give the job `permissions: {id-token: write}`"


def _token(ambient: Ambient) -> Secret | None:
    bearer, url = ambient.variable(_TOKEN), ambient.variable(_URL)
    if not bearer or not url:
        return None
    answer = ask(
        ambient.network,
        "GET",
        f"{url}{'&' if '?' in url else '?'}audience={quote(ambient.audience, safe='')}",
        service="the token service of GitHub Actions",
        limit=ambient.limits.token_bytes,
        headers={"Authorization": f"bearer {bearer}"},
    )
    if not answer.good:
        raise answer.failure(hint=_PERMISSION)
    return require_secret(answer.document(limits=ambient.limits).get("value"), source="GitHub Actions")


def _hint(ambient: Ambient) -> str:
    return _PERMISSION if ambient.variable("GITHUB_ACTIONS") else ""


PROVIDER: Final = AmbientProvider(name="github-actions", position=10, token=_token, hint=_hint)
