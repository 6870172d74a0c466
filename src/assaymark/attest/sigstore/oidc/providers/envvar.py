"""The variable `SIGSTORE_ID_TOKEN`: how GitLab hands over a token, and anybody else may."""

from __future__ import annotations

from typing import Final

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider
from assaymark.net.secret import Secret

VARIABLE: Final = "SIGSTORE_ID_TOKEN"


def _token(ambient: Ambient) -> Secret | None:
    value = ambient.variable(VARIABLE)
    return Secret(value) if value else None


PROVIDER: Final = AmbientProvider(name="envvar", position=30, token=_token)
