"""Timestamps: that an authority saw a signature at a time (RFC 3161).

1. The response can be read and was granted: `TIMESTAMP_MALFORMED` (`timestamp_token`).
2. Its signer is an authority of the trusted root: `UNKNOWN_TIMESTAMP_AUTHORITY`. Where the root lists the certificate
   that signs, it is that one, and another one in the response that claims its place is refused; where the root lists
   issuers only, the certificate comes with the response: `TIMESTAMP_CERTIFICATE`.
3. That certificate is for timestamps and nothing else, and critically so (RFC 3161, section 2.3), and is the one that
   the signed attributes name: `TIMESTAMP_CERTIFICATE`.
4. The authority was believed at the time that it states, and its certificates were valid then (CVE-2026-39984):
   `TIMESTAMP_OUTSIDE_AUTHORITY`, `TIMESTAMP_OUTSIDE_CERTIFICATE`.
5. The signature over the signed attributes is right, and they are about this content: `BAD_TIMESTAMP`. SHA-1 counts for
   nothing.
6. What was seen is the signature: `TIMESTAMP_MISMATCH`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from assaymark.attest.keys.algorithms import is_signature
from assaymark.attest.keys.der import INTEGER, DerReader
from assaymark.attest.keys.public import parse_spki
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.certificate import is_authority, load_certificate, public_key_info
from assaymark.attest.sigstore.path import Issuer, find_issuers, is_valid_path, load_chain
from assaymark.attest.sigstore.timestamp_token import TimestampToken, parse_timestamp
from assaymark.attest.sigstore.trusted_root import Authority

if TYPE_CHECKING:
    from cryptography import x509

_VERSION = 0xA0


class VerifiedTimestamp(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which the signature existed, and who says so."""

    authority: Authority
    moment: datetime


class _Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed, and its issuer; none where the trusted root lists nothing but the certificate itself."""

    authority: Authority
    certificate: x509.Certificate
    issuer: Issuer | None


def verify_timestamp(data: bytes, authorities: Sequence[Authority], signed: Iterable[bytes]) -> VerifiedTimestamp:
    """Steps 1 to 6.

    Args:
        data: the response.
        authorities: those of the trusted root.
        signed: what the timestamp may be of: the signature, and at the `.att` tag the whole envelope, as cosign 1 and 2
            have it.

    Raises:
        VerificationError: with one of the reasons above.
    """
    try:
        token = parse_timestamp(data)
    except ValueError as exc:
        raise refuse(Reason.TIMESTAMP_MALFORMED, f"a timestamp is malformed: {exc}") from exc
    signer = _find_signer(token, authorities)
    _check_certificate(token, signer.certificate)
    _check_time(signer, token.moment)
    _check_signature(token, signer.certificate)
    _check_imprint(token, signed)
    return VerifiedTimestamp(authority=signer.authority, moment=token.moment)


def _find_signer(token: TimestampToken, authorities: Sequence[Authority]) -> _Signer:
    """Step 2: of several entries for one authority, that which was believed at the time."""
    embedded = _find_certificate(token)
    matches = (_match(authority, token, embedded) for authority in authorities)
    found = [signer for signer in matches if signer is not None]
    if not found:
        said = f"serial number {token.serial:x}"
        text = f"the signer of a timestamp ({said}) is no authority that the trusted root knows"
        raise refuse(Reason.UNKNOWN_TIMESTAMP_AUTHORITY, text)
    return next((signer for signer in found if signer.authority.window.contains(token.moment)), found[0])


def _find_certificate(token: TimestampToken) -> bytes | None:
    """The certificate in the response that its signer names."""
    named = {der for der in token.certificates if _names(der) == (token.issuer, token.serial)}
    if len(named) > 1:
        raise refuse(Reason.TIMESTAMP_CERTIFICATE, "a timestamp holds two certificates for its signer")
    return named.pop() if named else None


def _names(der: bytes) -> tuple[bytes, int] | None:
    """Issuer and serial number of a certificate (RFC 5280, section 4.1.2); None for what is no such thing."""
    try:
        body = DerReader(der).sequence().sequence()
        if body.next_tag == _VERSION:
            body.take(_VERSION)
        serial = int.from_bytes(body.take(INTEGER), "big")
        body.sequence()
        return body.take_whole(), serial
    except ValueError:
        return None


def _match(authority: Authority, token: TimestampToken, embedded: bytes | None) -> _Signer | None:
    from cryptography.x509.oid import ExtendedKeyUsageOID

    chain = load_chain(authority)
    if not is_authority(chain[0]):
        listed = authority.certificates[0]
        if _names(listed) != (token.issuer, token.serial):
            return None
        if embedded is not None and embedded != listed:
            text = "a timestamp holds another certificate than the trusted root for its signer"
            raise refuse(Reason.TIMESTAMP_CERTIFICATE, text)
        if len(chain) == 1:
            return _Signer(authority=authority, certificate=chain[0], issuer=None)
        certificate = chain[0]
    elif embedded is None:
        return None
    else:
        certificate = _load(embedded)
    issuers = find_issuers(certificate, [authority], ExtendedKeyUsageOID.TIME_STAMPING)
    return _Signer(authority=authority, certificate=certificate, issuer=issuers[0]) if issuers else None


def _load(der: bytes) -> x509.Certificate:
    try:
        return load_certificate(der)
    except ValueError as exc:
        raise refuse(Reason.TIMESTAMP_CERTIFICATE, f"the certificate in a timestamp is malformed: {exc}") from exc


def _check_certificate(token: TimestampToken, certificate: x509.Certificate) -> None:
    """Step 3."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as exc:
        raise refuse(Reason.TIMESTAMP_CERTIFICATE, "the certificate of a timestamp states no purpose") from exc
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING] or not usage.critical:
        text = "the certificate of a timestamp is not for timestamps alone, or not critically so"
        raise refuse(Reason.TIMESTAMP_CERTIFICATE, text)
    if token.certificate_digest is not None:
        algorithm, digest = token.certificate_digest
        if not algorithm or hashlib.new(algorithm, certificate.public_bytes(Encoding.DER)).digest() != digest:
            text = "a timestamp names another certificate than the one of its signer"
            raise refuse(Reason.TIMESTAMP_CERTIFICATE, text)


def _check_time(signer: _Signer, moment: datetime) -> None:
    """Step 4."""
    said = f"the timestamp authority `{signer.authority.uri[:200]}`"
    if not signer.authority.window.contains(moment):
        raise refuse(Reason.TIMESTAMP_OUTSIDE_AUTHORITY, f"{said} was not believed at {moment.isoformat()}")
    leaf = signer.certificate
    valid = leaf.not_valid_before_utc <= moment <= leaf.not_valid_after_utc
    if not valid or (signer.issuer is not None and not is_valid_path(leaf, signer.issuer, moment)):
        raise refuse(Reason.TIMESTAMP_OUTSIDE_CERTIFICATE, f"{said} had no valid certificate at {moment.isoformat()}")


def _check_signature(token: TimestampToken, certificate: x509.Certificate) -> None:
    """Step 5."""
    if not (token.digest_algorithm and token.signature_algorithm and token.imprint_algorithm):
        raise refuse(Reason.BAD_TIMESTAMP, "a timestamp hashes or signs with an algorithm that is not accepted")
    if hashlib.new(token.digest_algorithm, token.information).digest() != token.stated_digest:
        raise refuse(Reason.BAD_TIMESTAMP, "the signature of a timestamp is about other content")
    try:
        key = parse_spki(public_key_info(certificate))
    except ValueError as exc:
        raise refuse(Reason.TIMESTAMP_CERTIFICATE, f"the key of a timestamp authority is unfit: {exc}") from exc
    if not is_signature(
        key, signature=token.signature, message=token.signed_attributes, algorithm=token.signature_algorithm
    ):
        raise refuse(Reason.BAD_TIMESTAMP, "the signature of a timestamp is not its authority's")


def _check_imprint(token: TimestampToken, signed: Iterable[bytes]) -> None:
    """Step 6."""
    if token.imprint not in [hashlib.new(token.imprint_algorithm, data).digest() for data in signed]:
        raise refuse(Reason.TIMESTAMP_MISMATCH, "a timestamp is of something else than this signature")
