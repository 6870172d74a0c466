"""GitLab CI (docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens"): tokens in variables.

A job that declares `id_tokens` finds them in variables of its choice. For Sigstore's audience the variable is
`SIGSTORE_ID_TOKEN`, which `envvar` reads; for another audience it is that name in capitals with `_ID_TOKEN` behind it,
as other clients have it.
"""

from __future__ import annotations

import re
from typing import Final

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider
from assaymark.net.secret import Secret

_NOT_NAME: Final = re.compile(r"[^A-Z0-9_]|^[0-9]")


def _token(ambient: Ambient) -> Secret | None:
    value = ambient.variable(_variable(ambient)) if ambient.variable("GITLAB_CI") else ""
    return Secret(value) if value else None


def _hint(ambient: Ambient) -> str:
    if not ambient.variable("GITLAB_CI"):
        return ""
    return f"in .gitlab-ci.yml, give the job `id_tokens: {{{_variable(ambient)}: {{aud: {ambient.audience}}}}}`"


def _variable(ambient: Ambient) -> str:
    return f"{_NOT_NAME.sub('_', ambient.audience.upper())}_ID_TOKEN"


PROVIDER: Final = AmbientProvider(name="gitlab", position=80, token=_token, hint=_hint)
