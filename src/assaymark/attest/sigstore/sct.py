"""Signed certificate timestamps: that an authority showed a certificate to a log before it issued it.

Reads the list that is embedded in a certificate (RFC 6962, sections 3.2 and 3.3). What the log signed is the
certificate without that list and the hash of its issuer's key. Rules: SCTs of logs that the trusted root does not hold
are passed over; every other one is right and of a time at which the log was believed, and there is at least one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.trusted_root import TrustedLog
from assaymark.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_VERSION_1: Final = 0
_CERTIFICATE_TIMESTAMP: Final = 0
_PRECERT_ENTRY: Final = 1
_KINDS: Final = {"ecdsa": {Algorithm.ECDSA_P256, Algorithm.ECDSA_P384, Algorithm.ECDSA_P521}, "rsa": {Algorithm.RSA}}


def verify_scts(
    certificate: x509.Certificate,
    issuer_key_info: bytes,
    logs: Sequence[TrustedLog],
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[TrustedLog, ...]:
    """The logs that vouch for the certificate: at least one.

    Raises:
        VerificationError: `SCT_MISSING`, `UNKNOWN_CT_LOG`, `CT_LOG_OUTSIDE_VALIDITY` or `BAD_SCT`.
    """
    timestamps = _read_scts(certificate)
    if not timestamps:
        raise refuse(Reason.SCT_MISSING, "the signing certificate carries no signed certificate timestamp")
    if len(timestamps) > limits.certificate_scts:
        raise refuse(
            Reason.BAD_SCT, f"the certificate carries {len(timestamps)} SCTs, more than {limits.certificate_scts}"
        )
    precertificate = certificate.tbs_precertificate_bytes
    found = []
    for timestamp in timestamps:
        named = [log for log in logs if log.log_id == timestamp.log_id]
        if named:
            found.append(_verify(timestamp, named, hashlib.sha256(issuer_key_info).digest() + _u24(precertificate)))
    if not found:
        names = ", ".join(f"`{timestamp.log_id.hex()[:16]}…`" for timestamp in timestamps)
        raise refuse(
            Reason.UNKNOWN_CT_LOG, f"no certificate log of the trusted root signed the certificate, only {names}"
        )
    return tuple(found)


def _read_scts(certificate: x509.Certificate) -> list[SignedCertificateTimestamp]:
    from cryptography import x509

    kind = x509.PrecertificateSignedCertificateTimestamps
    try:
        return list(certificate.extensions.get_extension_for_class(kind).value)
    except x509.ExtensionNotFound:
        return []


def _verify(timestamp: SignedCertificateTimestamp, named: Sequence[TrustedLog], entry: bytes) -> TrustedLog:
    try:
        moment = timestamp.timestamp.replace(tzinfo=UTC)
    except ValueError as exc:
        raise refuse(Reason.BAD_SCT, f"the time of an SCT cannot be: {exc}") from exc
    believed = [log for log in named if log.window.contains(moment)]
    if not believed:
        text = f"the certificate log `{named[0].base_url}` was not believed at {moment.isoformat()}"
        raise refuse(Reason.CT_LOG_OUTSIDE_VALIDITY, text)
    message = _signed_bytes(timestamp, moment, entry)
    for log in believed:
        if not _is_algorithm(timestamp, log):
            continue
        if verify_signature(log.key, signature=timestamp.signature, message=message) in _SHA256:
            return log
    raise refuse(Reason.BAD_SCT, f"the SCT of `{named[0].base_url}` is not the log's over this certificate")


# RFC 6962, section 2.1.4: logs sign with SHA-256, whatever their key
_SHA256: Final = {Scheme.ECDSA_SHA256, Scheme.RSA_PKCS1_SHA256}


def _is_algorithm(timestamp: SignedCertificateTimestamp, log: TrustedLog) -> bool:
    hashed = timestamp.signature_hash_algorithm.name == "sha256"
    return hashed and log.key.algorithm in _KINDS.get(timestamp.signature_algorithm.name.lower(), set())


def _signed_bytes(timestamp: SignedCertificateTimestamp, moment: datetime, entry: bytes) -> bytes:
    return b"".join(
        [
            bytes([_VERSION_1, _CERTIFICATE_TIMESTAMP]),
            ((moment - _EPOCH) // _MILLISECOND).to_bytes(8, "big"),
            _PRECERT_ENTRY.to_bytes(2, "big"),
            entry,
            len(timestamp.extension_bytes).to_bytes(2, "big"),
            timestamp.extension_bytes,
        ]
    )


def _u24(data: bytes) -> bytes:
    return len(data).to_bytes(3, "big") + data
