"""Buildkite (buildkite.com/docs, "OIDC with Buildkite"): the agent's own interface gives a job its token."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import msgspec

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider, require_secret
from assaymark.attest.sigstore.reply import ask, join
from assaymark.errors import SigningError
from assaymark.net.secret import Secret

_ACCESS: Final = "BUILDKITE_AGENT_ACCESS_TOKEN"
_ENDPOINT: Final = "https://agent.buildkite.com/v3"


def _token(ambient: Ambient) -> Secret | None:
    access, job = ambient.variable(_ACCESS), ambient.variable("BUILDKITE_JOB_ID")
    if not access:
        return None
    if not job:
        raise SigningError(f"`{_ACCESS}` is set and `BUILDKITE_JOB_ID` is not", reason="NO_TOKEN")
    endpoint = ambient.variable("BUILDKITE_AGENT_ENDPOINT") or _ENDPOINT
    answer = ask(
        ambient.network,
        "POST",
        join(endpoint, f"jobs/{quote(job, safe='')}/oidc/tokens"),
        service="the agent interface of Buildkite",
        limit=ambient.limits.token_bytes,
        body=msgspec.json.encode({"audience": ambient.audience}),
        headers={"Authorization": f"Token {access}"},
    )
    if not answer.good:
        raise answer.failure()
    return require_secret(answer.document(limits=ambient.limits).get("token"), source="Buildkite")


def _hint(ambient: Ambient) -> str:
    return f"let the step see `{_ACCESS}` (in a container: `propagate-environment`)" if _is_here(ambient) else ""


def _is_here(ambient: Ambient) -> bool:
    return bool(ambient.variable("BUILDKITE"))


PROVIDER: Final = AmbientProvider(name="buildkite-agent", position=20, token=_token, hint=_hint)
