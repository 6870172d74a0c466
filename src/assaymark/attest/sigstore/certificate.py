"""Signing certificates: whose they are, and what the authority says about the signer.

Reads a leaf as Fulcio issues it (sigstore/fulcio, `docs/certificate-specification.md` and `docs/oid-info.md`): an
X.509 v3 certificate with one subject alternative name and extensions below 1.3.6.1.4.1.57264.1.

Rules:

- exactly one name, which is a URI, an e-mail address or Fulcio's OtherName: with several, nobody knows whom a check was
  about. Names, issuer and the other values are valid UTF-8; name and issuer are neither empty nor do they hold control
  characters;
- `.1` to `.6` are the bare text, `.8` and later a DER UTF8String. The issuer is `.8`, or `.1` where there is no `.8`;
  certificates in which they differ are refused;
- the purpose is code signing, and the certificate is no authority itself.

Nothing here says that a certificate is genuine: that is for `assaymark.attest.sigstore.path`.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.attest.keys.der import DerReader
from assaymark.attest.keys.public import PublicKey, parse_spki
from assaymark.attest.reasons import Reason, refuse

if TYPE_CHECKING:
    from cryptography import x509

FULCIO_ARC: Final = "1.3.6.1.4.1.57264.1"
OTHER_NAME: Final = f"{FULCIO_ARC}.7"
_UTF8_STRING: Final = 0x0C
_ISSUER_V1: Final = 1
_ISSUER_V2: Final = 8
_BARE: Final = range(1, 7)
_LAZY: Final = (
    "issuer",
    "subject",
    "not_valid_before_utc",
    "not_valid_after_utc",
    "signature_algorithm_oid",
    "extensions",
)

# docs/oid-info.md, under the names that flags have
CLAIMS: Final = {
    1: "issuer-v1",
    2: "github-workflow-trigger",
    3: "github-workflow-sha",
    4: "github-workflow-name",
    5: "github-workflow-repository",
    6: "github-workflow-ref",
    8: "issuer",
    9: "build-signer-uri",
    10: "build-signer-digest",
    11: "runner-environment",
    12: "source-repository-uri",
    13: "source-repository-digest",
    14: "source-repository-ref",
    15: "source-repository-identifier",
    16: "source-repository-owner-uri",
    17: "source-repository-owner-identifier",
    18: "build-config-uri",
    19: "build-config-digest",
    20: "build-trigger",
    21: "run-invocation-uri",
    22: "source-repository-visibility",
    23: "deployment-environment",
    24: "token-subject",
}


class NameKind(Enum):
    """What a subject alternative name is."""

    URI = "URI"
    EMAIL = "email"
    OTHER = "other name"


class SigningCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it was read.

    Attributes:
        identity: the subject alternative name.
        issuer: who vouched for the identity; empty where the certificate does not say.
        claims: Fulcio's other values, by the names in `CLAIMS`.
    """

    der: bytes
    key: PublicKey
    identity: str
    identity_kind: NameKind
    issuer: str
    claims: tuple[tuple[str, str], ...]
    not_before: datetime
    not_after: datetime

    def contains(self, moment: datetime) -> bool:
        """Whether the certificate is valid at `moment`; both ends are (RFC 5280, section 4.1.2.5)."""
        return self.not_before <= moment <= self.not_after


def parse_signing_certificate(der: bytes) -> SigningCertificate:
    """The signing certificate that `der` spells.

    Raises:
        VerificationError: `CERTIFICATE_MALFORMED` or `CERTIFICATE_PURPOSE`.
    """
    try:
        certificate = load_certificate(der)
        read = _read(certificate, der)
    except ValueError as exc:
        raise refuse(Reason.CERTIFICATE_MALFORMED, f"the signing certificate is malformed: {exc}") from exc
    _check_purpose(certificate)
    return read


def load_certificate(der: bytes) -> x509.Certificate:
    """The certificate, with extensions that can be read.

    Raises:
        ValueError: it is malformed, or its key or extensions are of a kind that is not known.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        certificate = x509.load_der_x509_certificate(der)
        for part in _LAZY:  # parsed, and found malformed, when first asked for
            getattr(certificate, part)
        certificate.public_key()
    except (ValueError, Warning, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as exc:
        raise ValueError(str(exc) or type(exc).__name__) from exc
    return certificate


def public_key_info(certificate: x509.Certificate) -> bytes:
    """SubjectPublicKeyInfo of the certificate's key, DER."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue certificates (RFC 5280, section 4.2.1.9)."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _read(certificate: x509.Certificate, der: bytes) -> SigningCertificate:
    kind, identity = _read_name(certificate)
    values = dict(_read_claims(certificate))
    first, second = values.pop(_ISSUER_V1, ""), values.pop(_ISSUER_V2, "")
    if first and second and first != second:
        raise ValueError("its two issuers differ")
    issuer = second or first
    _check_text(issuer, "issuer")
    return SigningCertificate(
        der=der,
        key=parse_spki(public_key_info(certificate)),
        identity=identity,
        identity_kind=kind,
        issuer=issuer,
        claims=tuple((CLAIMS[arc], value) for arc, value in sorted(values.items())),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _read_name(certificate: x509.Certificate) -> tuple[NameKind, str]:
    from cryptography import x509

    try:
        names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound as exc:
        raise ValueError("it has no subject alternative name") from exc
    if len(names) != 1:
        raise ValueError(f"it has {len(names)} subject alternative names; one is right")
    kind, text = _read_general_name(names[0])
    if not text:
        raise ValueError("its subject alternative name is empty")
    _check_text(text, "subject alternative name")
    return kind, text


def _read_general_name(name: x509.GeneralName) -> tuple[NameKind, str]:
    from cryptography import x509

    if isinstance(name, x509.UniformResourceIdentifier):
        return NameKind.URI, name.value
    if isinstance(name, x509.RFC822Name):
        return NameKind.EMAIL, name.value
    if isinstance(name, x509.OtherName) and name.type_id.dotted_string == OTHER_NAME:
        return NameKind.OTHER, _utf8_string(name.value)
    raise ValueError("its subject alternative name is neither a URI, an e-mail address nor Fulcio's own kind")


def _read_claims(certificate: x509.Certificate) -> list[tuple[int, str]]:
    from cryptography import x509

    claims = []
    for extension in certificate.extensions:
        arc, _, last = extension.oid.dotted_string.rpartition(".")
        if arc != FULCIO_ARC or int(last) not in CLAIMS or not isinstance(extension.value, x509.UnrecognizedExtension):
            continue
        number, data = int(last), extension.value.value
        claims.append((number, data.decode("utf-8") if number in _BARE else _utf8_string(data)))
    return claims


def _utf8_string(data: bytes) -> str:
    reader = DerReader(data)
    text = reader.take(_UTF8_STRING)
    reader.finish()
    return text.decode("utf-8")


def _check_text(text: str, what: str) -> None:
    # a NUL or a line break has ended the name for one reader and not for the other more than once (CVE-2009-2408)
    if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in text):
        raise ValueError(f"its {what} holds control characters")


def _check_purpose(certificate: x509.Certificate) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    if is_authority(certificate):
        raise refuse(Reason.CERTIFICATE_PURPOSE, "the signing certificate is that of an authority")
    extensions = {type(extension.value): extension.value for extension in certificate.extensions}
    purposes = extensions.get(x509.ExtendedKeyUsage)
    if not isinstance(purposes, x509.ExtendedKeyUsage) or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise refuse(Reason.CERTIFICATE_PURPOSE, "the signing certificate is not for code signing")
    usage = extensions.get(x509.KeyUsage)
    if isinstance(usage, x509.KeyUsage) and not usage.digital_signature:
        raise refuse(Reason.CERTIFICATE_PURPOSE, "the key of the signing certificate is not for signatures")
