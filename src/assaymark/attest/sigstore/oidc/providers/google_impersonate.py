"""A Google service account that the machine's own may speak for (cloud.google.com, "Create short-lived credentials").

`GOOGLE_SERVICE_ACCOUNT_NAME` names it, the metadata server gives the access token, and IAM the identity token. Other
application default credentials (files of `gcloud` and of service accounts) are not read.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider, require_secret
from assaymark.attest.sigstore.oidc.providers.google_workload_identity import ACCOUNT
from assaymark.attest.sigstore.reply import ask
from assaymark.errors import UsageError
from assaymark.net.secret import Secret

_VARIABLE: Final = "GOOGLE_SERVICE_ACCOUNT_NAME"
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_IAM: Final = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
_NAME: Final = re.compile(r"[A-Za-z0-9@._-]{1,256}\Z")


def _token(ambient: Ambient) -> Secret | None:
    account = ambient.variable(_VARIABLE)
    if not account:
        return None
    if _NAME.match(account) is None:
        raise UsageError(f"`{_VARIABLE}` is not the name of a service account")
    access = _access_token(ambient)
    answer = ask(
        ambient.network,
        "POST",
        f"{_IAM}/{quote(account, safe='@')}:generateIdToken",
        service="Google's IAM",
        limit=ambient.limits.token_bytes,
        body=msgspec.json.encode({"audience": ambient.audience, "includeEmail": True}),
        headers={"Authorization": f"Bearer {access.reveal()}"},
    )
    if not answer.good:
        raise answer.failure(hint="the machine's account needs `roles/iam.serviceAccountTokenCreator` on the other")
    return require_secret(answer.document(limits=ambient.limits).get("token"), source="Google's IAM")


def _access_token(ambient: Ambient) -> Secret:
    answer = ask(
        ambient.metadata,
        "GET",
        f"{ACCOUNT}/token?{urlencode({'scopes': _SCOPE})}",
        service="the metadata server",
        limit=ambient.limits.token_bytes,
    )
    if not answer.good:
        raise answer.failure(hint=f"unset `{_VARIABLE}` where the machine has no service account of its own")
    return require_secret(answer.document(limits=ambient.limits).get("access_token"), source="the metadata server")


PROVIDER: Final = AmbientProvider(name="google-impersonate", position=60, token=_token)
