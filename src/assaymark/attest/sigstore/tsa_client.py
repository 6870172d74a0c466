"""Signed time: asking a timestamp authority (RFC 3161, sections 2.4 and 3.4).

What is stamped is the SHA-256 of the raw signature, as in every Sigstore bundle (cosign 1 and 2 stamped the envelope at
the `.att` tag; readers accept both). The request carries a nonce, so that an old answer is no answer, and asks for the
authority's certificate, so that the answer can be verified by those who know only the root.

The answer is kept as it came. Here it is read only to see that it answers this request: granted, the same imprint and
the same nonce. Whether the authority is one to trust is for the verification to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from assaymark.attest.keys.der import INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, encode
from assaymark.attest.sigstore.reply import Answer, ask
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.network import Network

QUERY: Final = "application/timestamp-query"
REPLY: Final = "application/timestamp-reply"

_BOOLEAN: Final = 0x01
_SHA256: Final = bytes.fromhex("608648016503040201")  # id-sha256, 2.16.840.1.101.3.4.2.1
_NONCE_BYTES: Final = 8
_GRANTED: Final = (0, 1)  # PKIStatus granted, grantedWithMods


def request_timestamp(
    network: Network,
    url: str,
    signature: bytes,
    *,
    random: Callable[[int], bytes],
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """A timestamp over `signature`: the DER of a TimeStampResp.

    Args:
        network: how the authority is reached.
        url: the authority's full URL, path and all.
        signature: raw, not in base64.
        random: so many unpredictable bytes.
        limits: the bounds.

    Raises:
        NetworkError: the authority cannot be reached, refuses, or answers something else.
    """
    imprint = hashlib.sha256(signature).digest()
    nonce = int.from_bytes(random(_NONCE_BYTES), "big") | 1  # never zero
    answer = ask(
        network,
        "POST",
        url,
        service="the timestamp authority",
        limit=limits.service_reply_bytes,
        body=timestamp_query(imprint, nonce),
        content_type=QUERY,
        accept=REPLY,
    )
    if not answer.good:
        raise answer.failure(hint="try again later, or give another authority with `--timestamp-server-url`")
    _check(answer, imprint, nonce)
    return answer.body


def timestamp_query(imprint: bytes, nonce: int) -> bytes:
    """The DER of a TimeStampReq for a SHA-256."""
    algorithm = encode(SEQUENCE, encode(OBJECT_IDENTIFIER, _SHA256) + encode(NULL, b""))
    message_imprint = encode(SEQUENCE, algorithm + encode(OCTET_STRING, imprint))
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    wants_certificate = encode(_BOOLEAN, b"\xff")
    return encode(SEQUENCE, encode(INTEGER, b"\x01") + message_imprint + encode(INTEGER, number) + wants_certificate)


def _check(answer: Answer, imprint: bytes, nonce: int) -> None:
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(answer.body)
        if response.status not in _GRANTED:
            raise answer.malformed(f"the timestamp was not granted (status {response.status})")
        info = response.tst_info
        found, echoed = info.message_imprint.message, info.nonce
    except ValueError as exc:
        raise answer.malformed("it is no timestamp") from exc
    if found != imprint:
        raise answer.malformed("it is a timestamp of something else")
    if echoed != nonce:
        raise answer.malformed("its nonce is not the one that was sent")
