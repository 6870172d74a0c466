"""Responses of timestamp authorities, as they are read (RFC 3161, section 2.4.2; CMS, RFC 5652, section 5).

    TimeStampResp { PKIStatusInfo { 0 granted, … }, ContentInfo { signedData, SignedData {
        version, SET OF digest algorithm, { id-ct-TSTInfo, OCTET STRING of TSTInfo }, [0] certificates, [1] revocations,
        SET OF SignerInfo { version, { issuer, serial }, digest algorithm, [0] signed attributes, algorithm, signature }
    } } }
    TSTInfo { 1, policy, { hash algorithm, imprint }, serial, GeneralizedTime, … }

Rules: DER, except that the members of sets may stand in any order: widely used authorities send their certificates
unsorted, which libraries with a strict parser refuse. One signer, named by issuer and serial number, with signed
attributes. Hashes are SHA-256, SHA-384 and SHA-512, signatures ECDSA and RSA PKCS#1 v1.5.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from assaymark.attest.keys.der import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, DerReader, encode

_SET: Final = 0x31
_GENERALIZED_TIME: Final = 0x18
_CONTEXT_0: Final = 0xA0
_CONTEXT_1: Final = 0xA1
_GRANTED: Final = 0
_CERTIFICATES: Final = 32

_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_TST_INFO: Final = bytes.fromhex("2a864886f70d0109100104")
_CONTENT_TYPE: Final = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
_SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("2a864886f70d010910022f")
_HASHES: Final = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_RSA_ENCRYPTION: Final = bytes.fromhex("2a864886f70d010101")  # the hash is that of the digest algorithm
_SIGNATURES: Final = {
    bytes.fromhex("2a8648ce3d040302"): "sha256",  # ecdsa-with-SHA256
    bytes.fromhex("2a8648ce3d040303"): "sha384",
    bytes.fromhex("2a8648ce3d040304"): "sha512",
    bytes.fromhex("2a864886f70d01010b"): "sha256",  # sha256WithRSAEncryption
    bytes.fromhex("2a864886f70d01010c"): "sha384",
    bytes.fromhex("2a864886f70d01010d"): "sha512",
}
_TIME: Final = re.compile(rb"([0-9]{14})(?:\.([0-9]{1,9}))?Z\Z")


class TimestampToken(msgspec.Struct, frozen=True, kw_only=True):
    """A granted timestamp as it was read; nothing of it is verified by reading.

    Attributes:
        information: the TSTInfo, which the signature is about.
        imprint_algorithm: of `imprint`; empty for a hash that is not accepted.
        certificates: DER, in whatever order.
        issuer, serial: of the certificate that signed; the issuer is DER.
        signed_attributes: what is signed.
        stated_digest: of the TSTInfo, by the signed attributes.
        certificate_digest: of the signing certificate, by the signed attributes, with its algorithm; None where they
            do not say.
    """

    information: bytes
    imprint_algorithm: str
    imprint: bytes
    moment: datetime
    certificates: tuple[bytes, ...]
    issuer: bytes
    serial: int
    digest_algorithm: str
    signature_algorithm: str
    signature: bytes
    signed_attributes: bytes
    stated_digest: bytes
    certificate_digest: tuple[str, bytes] | None


def parse_timestamp(data: bytes) -> TimestampToken:
    """The timestamp in a response.

    Raises:
        ValueError: it is malformed, was not granted, or has not exactly one signer.
    """
    outer = DerReader(data)
    response = outer.sequence()
    outer.finish()
    status = response.sequence().integer()
    if status != _GRANTED:
        raise ValueError(f"its status is {status}, not that it was granted")
    return _read_content(response.sequence())


def _read_content(content: DerReader) -> TimestampToken:
    if content.take(OBJECT_IDENTIFIER) != _SIGNED_DATA:
        raise ValueError("it holds no signed data")
    signed = DerReader(content.take(_CONTEXT_0)).sequence()
    signed.take(INTEGER)
    signed.take(_SET)
    encapsulated = signed.sequence()
    if encapsulated.take(OBJECT_IDENTIFIER) != _TST_INFO:
        raise ValueError("what is signed is not about a time")
    information = DerReader(encapsulated.take(_CONTEXT_0)).take(OCTET_STRING)
    certificates = _whole_values(signed.take(_CONTEXT_0)) if signed.next_tag == _CONTEXT_0 else ()
    if signed.next_tag == _CONTEXT_1:
        signed.take(_CONTEXT_1)
    signers = DerReader(signed.take(_SET))
    signer = signers.sequence()
    if signers.rest:
        raise ValueError("it has more than one signer")
    return _read_signer(signer, information, certificates)


def _read_signer(signer: DerReader, information: bytes, certificates: tuple[bytes, ...]) -> TimestampToken:
    signer.take(INTEGER)
    identifier = signer.sequence()
    issuer, serial = identifier.take_whole(), identifier.integer()
    digest_algorithm = _hash(signer.sequence())
    attributes = signer.take(_CONTEXT_0)
    signature_algorithm = _signature(signer.sequence(), digest_algorithm)
    named = _read_attributes(attributes)
    if DerReader(named[_CONTENT_TYPE]).take(OBJECT_IDENTIFIER) != _TST_INFO:
        raise ValueError("the signed attributes are about other content")
    algorithm, imprint, moment = _read_information(information)
    return TimestampToken(
        information=information,
        imprint_algorithm=algorithm,
        imprint=imprint,
        moment=moment,
        certificates=certificates,
        issuer=issuer,
        serial=serial,
        digest_algorithm=digest_algorithm,
        signature_algorithm=signature_algorithm,
        signature=signer.take(OCTET_STRING),
        signed_attributes=_as_set(attributes),
        stated_digest=DerReader(named[_MESSAGE_DIGEST]).take(OCTET_STRING),
        certificate_digest=_read_certificate_digest(named.get(_SIGNING_CERTIFICATE_V2)),
    )


def _read_information(information: bytes) -> tuple[str, bytes, datetime]:
    """Algorithm and value of the imprint, and the time."""
    reader = DerReader(information)
    content = reader.sequence()
    reader.finish()
    if content.integer() != 1:
        raise ValueError("it is not of version 1")
    content.take(OBJECT_IDENTIFIER)
    imprint = content.sequence()
    algorithm, value = _hash(imprint.sequence()), imprint.take(OCTET_STRING)
    content.take(INTEGER)
    return algorithm, value, _read_time(content.take(_GENERALIZED_TIME))


def _read_time(text: bytes) -> datetime:
    match = _TIME.match(text)
    if match is None:
        raise ValueError("its time is not as RFC 3161 writes it")
    whole = datetime.strptime(match[1].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return whole.replace(microsecond=int((match[2] or b"0").ljust(6, b"0")[:6]))


def _read_attributes(attributes: bytes) -> dict[bytes, bytes]:
    """The single values of the signed attributes, by their types."""
    reader, named = DerReader(attributes), {}
    while reader.rest:
        attribute = reader.sequence()
        kind = attribute.take(OBJECT_IDENTIFIER)
        if kind in named:
            raise ValueError("a signed attribute stands there twice")
        named[kind] = attribute.take(_SET)
    if not {_CONTENT_TYPE, _MESSAGE_DIGEST} <= named.keys():
        raise ValueError("the signed attributes do not state content type and digest")
    return named


def _read_certificate_digest(value: bytes | None) -> tuple[str, bytes] | None:
    """Of the first ESSCertIDv2 (RFC 5816, section 2.2.1): its hash is SHA-256 where none is named."""
    if value is None:
        return None
    first = DerReader(value).sequence().sequence().sequence()
    algorithm = _hash(first.sequence()) if first.next_tag == SEQUENCE else "sha256"
    return algorithm, first.take(OCTET_STRING)


def _hash(identifier: DerReader) -> str:
    return _HASHES.get(identifier.take(OBJECT_IDENTIFIER), "")


def _signature(identifier: DerReader, digest_algorithm: str) -> str:
    kind = identifier.take(OBJECT_IDENTIFIER)
    return digest_algorithm if kind == _RSA_ENCRYPTION else _SIGNATURES.get(kind, "")


def _whole_values(content: bytes) -> tuple[bytes, ...]:
    reader, values = DerReader(content), []
    while reader.rest:
        values.append(reader.take_whole())
        if len(values) > _CERTIFICATES:
            raise ValueError(f"it holds more than {_CERTIFICATES} certificates")
    return tuple(values)


def _as_set(attributes: bytes) -> bytes:
    # RFC 5652, section 5.4: signed as a SET OF, although they stand under a context tag
    return encode(_SET, attributes)
