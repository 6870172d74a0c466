"""DSSE envelopes (secure-systems-lab/dsse, protocol and envelope, v1.0.2).

What is signed is the pre-authentication encoding: `DSSEv1 SP len(type) SP type SP len(body) SP body`, with lengths in
bytes. Two spellings of the envelope are written, because cosign has written two:

- in bundles: `{"payload", "payloadType", "signatures": [{"sig"}]}`; a `keyid` would make cosign refuse the bundle
  unless it is the OpenSSH fingerprint of the key;
- at the `.att` tag: `{"payloadType", "payload", "signatures": [{"keyid": "", "sig"}]}`.

Rules for reading: strict JSON; members that DSSE does not know are ignored, as it asks, except those that are known
ones in another letter case; base64 in either alphabet. How many signatures there may be is for the verification to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.keys.private import Signer
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.strict import decode_base64, decode_document, encode_base64, refuse_case_variants
from assaymark.limits import DEFAULT_LIMITS, Limits

IN_TOTO: Final = "application/vnd.in-toto+json"
DSSE_ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"

_ENVELOPE: Final = ("payload", "payloadType", "signatures")
_SIGNATURE: Final = ("keyid", "sig")


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One signature; `keyid` is a hint that nothing vouches for."""

    sig: bytes
    keyid: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A payload, what it is, and who signed it."""

    payload: bytes
    payload_type: str = IN_TOTO
    signatures: tuple[Signature, ...]


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_payload(payload: bytes, signer: Signer, *, payload_type: str = IN_TOTO) -> Envelope:
    """The envelope around `payload` with the signature of `signer`."""
    signature = signer.sign(pre_authentication_encoding(payload_type, payload))
    return Envelope(payload=payload, payload_type=payload_type, signatures=(Signature(sig=signature),))


def parse_envelope(data: bytes, *, limits: Limits = DEFAULT_LIMITS, what: str = "the envelope") -> Envelope:
    """The envelope that `data` spells.

    Raises:
        VerificationError: `MALFORMED_ENVELOPE` or `DUPLICATE_KEYS`.
    """
    document = decode_document(data, limits=limits, what=what, reason=Reason.MALFORMED_ENVELOPE)
    try:
        return _read_envelope(document)
    except ValueError as exc:
        raise refuse(Reason.MALFORMED_ENVELOPE, f"{what} is malformed: {exc}") from exc


def bundle_envelope(envelope: Envelope) -> dict[str, Any]:
    """The members of `dsseEnvelope` in a bundle; also what cosign prints of a bundle."""
    return {
        "payload": encode_base64(envelope.payload),
        "payloadType": envelope.payload_type,
        "signatures": [_bundle_signature(signature) for signature in envelope.signatures],
    }


def encode_line(envelope: Envelope) -> bytes:
    """The envelope on one line, without the line's end."""
    return msgspec.json.encode(bundle_envelope(envelope))


def encode_legacy(envelope: Envelope) -> bytes:
    """The envelope as it is stored at the `.att` tag."""
    signatures = [{"keyid": signature.keyid, "sig": encode_base64(signature.sig)} for signature in envelope.signatures]
    return msgspec.json.encode(
        {
            "payloadType": envelope.payload_type,
            "payload": encode_base64(envelope.payload),
            "signatures": signatures,
        }
    )


def _bundle_signature(signature: Signature) -> dict[str, str]:
    members = {"sig": encode_base64(signature.sig)}
    return members | {"keyid": signature.keyid} if signature.keyid else members


def _read_envelope(document: Mapping[str, Any]) -> Envelope:
    refuse_case_variants(document, _ENVELOPE, what="the envelope")
    signatures = document.get("signatures")
    if not isinstance(signatures, list):
        raise ValueError("`signatures` is not a list")  # noqa: TRY004 - the document is malformed
    return Envelope(
        payload=decode_base64(_text(document, "payload")),
        payload_type=_text(document, "payloadType"),
        signatures=tuple(_read_signature(signature) for signature in signatures),
    )


def _read_signature(document: object) -> Signature:
    if not isinstance(document, dict):
        raise ValueError("a signature is not an object")  # noqa: TRY004 - the document is malformed
    refuse_case_variants(document, _SIGNATURE, what="a signature")
    keyid = document.get("keyid")
    return Signature(sig=decode_base64(_text(document, "sig")), keyid="" if keyid is None else _text(document, "keyid"))


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is missing or not a string")  # noqa: TRY004 - the document is malformed
    return value
