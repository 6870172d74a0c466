"""The file `/var/run/sigstore/cosign/oidc-token`: where clusters project a service account's token for signing."""

from __future__ import annotations

from typing import Final

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider, read_token_file
from assaymark.net.secret import Secret

_PATH: Final = "var/run/sigstore/cosign/oidc-token"


def _token(ambient: Ambient) -> Secret | None:
    path = ambient.root / _PATH
    if not path.exists():
        return None
    return read_token_file(path, limits=ambient.limits)


PROVIDER: Final = AmbientProvider(name="filesystem", position=40, token=_token)
