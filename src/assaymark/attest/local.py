"""Attestations in local files: Sigstore bundles, and what cosign 1 and 2 wrote instead (cosign, `pkg/cosign/fetch.go`).

    {"base64Signature": base64 of the envelope's text, "cert": base64 of PEM, "rekorBundle": {"SignedEntryTimestamp",
    "Payload"}}

`cert` is the certificate, or the public key of a key that signed. Besides there may be the envelope alone, with the
certificate and the timestamp in files of their own.

Rules: a file that has `base64Signature` is of the older kind, one that has `payload` and `signatures` is an envelope,
and everything else is a bundle, which says best what is wrong with it. A public key that comes with a signature proves
nothing and is not looked at; cosign takes it for the one to believe. What is read becomes a `Candidate`, as if it had
been found at an image's `.att` tag: the older kinds hold what stands in annotations there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.attach import Attestation
from assaymark.attest.bundle import MessageSignature
from assaymark.attest.keys.pem import Pem, encode_pem, parse_pem
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.artifact import Blob
from assaymark.attest.sigstore.material import CERTIFICATE, LOG_ENTRY, TIMESTAMP, Material, material_of_signature
from assaymark.attest.store.attestation import AttestationFormat, Candidate
from assaymark.attest.strict import decode_base64, decode_document, encode_base64, refuse_case_variants
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import Digest

_LABEL: Final = "CERTIFICATE"
_OLDER: Final = ("base64Signature", "cert", "rekorBundle")


def encode_local(attestation: Attestation) -> bytes:
    """What `--bundle` wrote before there were Sigstore bundles."""
    noted = dict(attestation.annotations)
    pem = noted.get(CERTIFICATE, "").encode() or attestation.public.pem
    document: dict[str, Any] = {"base64Signature": encode_base64(attestation.legacy), "cert": encode_base64(pem)}
    if LOG_ENTRY in noted:
        document["rekorBundle"] = msgspec.Raw(noted[LOG_ENTRY].encode())
    return msgspec.json.encode(document)


def read_local(
    data: bytes, *, certificate: bytes = b"", timestamp: bytes = b"", limits: Limits = DEFAULT_LIMITS, what: str
) -> Candidate:
    """What a file holds, not verified.

    Args:
        data: the file: a bundle, the older kind, or an envelope.
        certificate: of a file besides an envelope: PEM, or base64 of it.
        timestamp: of a file besides: JSON with `SignedRFC3161Timestamp`.
        limits: the bounds.
        what: the file's name.

    Raises:
        VerificationError: `MALFORMED_BUNDLE`, `MALFORMED_ENVELOPE`, `CERTIFICATE_MALFORMED`, `TIMESTAMP_MALFORMED`,
            `DUPLICATE_KEYS`.
        UsageError: there are files besides a bundle, which holds all of that itself.
    """
    document = decode_document(data, limits=limits, what=what, reason=Reason.MALFORMED_BUNDLE)
    if "base64Signature" in document:
        return _read_older(document, certificate, timestamp, what)
    if "payload" in document and "signatures" in document:
        return _candidate(data, _annotations(certificate, timestamp))
    if certificate or timestamp:
        raise UsageError(
            f"{what} is no envelope, and a bundle holds its certificate and its timestamps itself",
            hint="leave `--certificate` and `--rfc3161-timestamp` out",
        )
    digest = _digest(data)
    return Candidate(format=AttestationFormat.BUNDLE, data=data, manifest=digest, layer=digest)


def read_local_signature(text: bytes, blob: Blob, *, certificate: bytes = b"", timestamp: bytes = b"") -> Material:
    """A signature over a file, in base64 as cosign 1 and 2 wrote it, with what is in files besides; not verified.

    Raises:
        VerificationError: `BAD_SIGNATURE`, `CERTIFICATE_MALFORMED`, `TIMESTAMP_MALFORMED`.
    """
    try:
        signature = decode_base64(text.decode("ascii").strip())
    except ValueError as exc:
        raise refuse(Reason.BAD_SIGNATURE, f"the signature that was given is none: {exc}") from exc
    digest = bytes.fromhex(dict(blob.digests)["sha256"])
    message = MessageSignature(signature=signature, algorithm="SHA2_256", digest=digest)
    return material_of_signature(message, _annotations(certificate, timestamp))


def _read_older(document: Mapping[str, Any], certificate: bytes, timestamp: bytes, what: str) -> Candidate:
    try:
        refuse_case_variants(document, _OLDER, what=what)
        envelope = decode_base64(_text(document, "base64Signature"))
        inside = _certificate_inside(decode_base64(_text(document, "cert")))
        entry = document.get("rekorBundle")
    except ValueError as exc:
        raise refuse(Reason.MALFORMED_BUNDLE, f"{what} is malformed: {exc}") from exc
    if inside and certificate and inside != _read_certificate(certificate):
        raise refuse(Reason.MALFORMED_BUNDLE, f"{what} holds another certificate than the one that was given")
    annotations = _annotations(inside or certificate, timestamp)
    if entry is not None:
        annotations[LOG_ENTRY] = msgspec.json.encode(entry).decode()
    return _candidate(envelope, annotations)


def _certificate_inside(pem: bytes) -> bytes:
    """The certificate in `cert`; nothing where a public key stands there."""
    if not pem:
        return b""
    found = parse_pem(pem)
    return _armoured(found) if found.label == _LABEL else b""


def _annotations(certificate: bytes, timestamp: bytes) -> dict[str, str]:
    annotations = {}
    if certificate:
        annotations[CERTIFICATE] = _read_certificate(certificate).decode("ascii")
    if timestamp:
        annotations[TIMESTAMP] = timestamp.decode("utf-8", errors="replace")
    return annotations


def _read_certificate(data: bytes) -> bytes:
    """A certificate's PEM from a file that holds it as it is, or in base64 as cosign 1 wrote it."""
    try:
        pem = parse_pem(data if b"-----BEGIN" in data else decode_base64(data.decode("ascii").strip()))
    except ValueError as exc:
        raise refuse(Reason.CERTIFICATE_MALFORMED, f"the certificate that was given is none: {exc}") from exc
    if pem.label != _LABEL:
        raise refuse(Reason.CERTIFICATE_MALFORMED, f"the certificate that was given is a `{pem.label}`")
    return _armoured(pem)


def _armoured(pem: Pem) -> bytes:
    return encode_pem(pem.label, pem.body)


def _candidate(envelope: bytes, annotations: Mapping[str, str]) -> Candidate:
    digest = _digest(envelope)
    pairs = tuple(annotations.items())
    return Candidate(format=AttestationFormat.LEGACY, data=envelope, manifest=digest, layer=digest, annotations=pairs)


def _digest(data: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is not a string")  # noqa: TRY004 - the document is malformed
    return value
