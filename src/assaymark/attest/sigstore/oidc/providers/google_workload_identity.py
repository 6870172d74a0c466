"""Google machines and clusters with workload identity (cloud.google.com, "Verify the identity of a VM").

The metadata server gives the token of the service account that the machine runs as. A machine is Google's when its
board says so or when `GCE_METADATA_HOST` is set. One without a service account (404) has no identity, and the next
provider is asked.
"""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import urlencode

from assaymark.attest.sigstore.oidc.provider import Ambient, AmbientProvider, require_secret
from assaymark.attest.sigstore.reply import ask
from assaymark.errors import NetworkError
from assaymark.net.metadata import HOST, VARIABLE
from assaymark.net.secret import Secret
from assaymark.safeio.text import decode_utf8

logger = logging.getLogger(__name__)

ACCOUNT: Final = f"http://{HOST}/computeMetadata/v1/instance/service-accounts/default"
_BOARD: Final = "sys/class/dmi/id/product_name"
_BOARD_BYTES: Final = 256


def _token(ambient: Ambient) -> Secret | None:
    if not is_google(ambient):
        return None
    query = urlencode({"audience": ambient.audience, "format": "full"})
    try:
        answer = ask(
            ambient.metadata,
            "GET",
            f"{ACCOUNT}/identity?{query}",
            service="the metadata server",
            limit=ambient.limits.token_bytes,
            accept="text/plain",
        )
    except NetworkError as exc:
        logger.debug("no workload identity: %s", exc)
        return None
    if not answer.good:
        logger.debug("no workload identity: status %d", answer.status)
        return None
    return require_secret(decode_utf8(answer.body), source="the metadata server")


def is_google(ambient: Ambient) -> bool:
    """Whether this machine has a metadata server of Google."""
    if ambient.variable(VARIABLE):
        return True
    try:
        with (ambient.root / _BOARD).open("rb") as stream:
            return stream.read(_BOARD_BYTES).strip().startswith(b"Google")
    except OSError:
        return False


PROVIDER: Final = AmbientProvider(name="google-workload-identity", position=50, token=_token)
