"""Keys on the web: a plain GET of `https://…` or `http://…`, bounded, as cosign does it.

Nothing vouches for what comes over plain http but the network it came through: the user is warned.
"""

from __future__ import annotations

from typing import Final

from assaymark.attest.keys.armoured import armoured_scheme
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import NetworkError, UsageError


def _read(reference: str, context: KeyContext) -> bytes:
    if context.network is None:
        raise UsageError(f"the key `{reference}` cannot be fetched here", hint="give the path of a file")
    if reference.lower().startswith("http:"):
        context.warn(f"the key `{reference}` comes over plain http: anybody on the way can replace it")
    with context.network.request("GET", reference) as response:
        if not 200 <= response.status < 300:
            raise NetworkError(f"the key `{reference}` was not given: HTTP status {response.status}")
        return response.bounded(context.limits.key_bytes, what=f"the key {reference}")


KEY_SCHEME: Final = armoured_scheme(("https", "http"), "https://…", _read)
