"""A timestamp authority (RFC 3161): requests are read, tokens (CMS, RFC 5652) are written, both by hand.

It answers as the public ones do: it echoes the nonce, encloses its certificates only when asked, and signs the
attributes content type, message digest, signing time and signing certificate (RFC 5816).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.sigstore import der
from tests.support.sigstore.log import flipped
from tests.support.sigstore.switches import NONE, Switch, Switches

SHA256: Final = "2.16.840.1.101.3.4.2.1"
SHA1: Final = "1.3.14.3.2.26"
_SHA384: Final = "2.16.840.1.101.3.4.2.2"
_SHA512: Final = "2.16.840.1.101.3.4.2.3"
_ECDSA_SHA256: Final = "1.2.840.10045.4.3.2"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"
_POLICY: Final = "1.3.6.1.4.1.57264.2"
_YEAR: Final = timedelta(days=365)
_HASHES: Final = {der.object_identifier(name): name for name in (SHA256, _SHA384, _SHA512, SHA1)}


@dataclass(frozen=True)
class Request:
    """What a client wants stamped; a nonce of -1 is none."""

    algorithm: str
    imprint: bytes
    nonce: int = -1
    certificates: bool = False


def parse_request(data: bytes) -> Request:
    """A TimeStampReq.

    Raises:
        ValueError: it is none, or it names a hash that is not served.
    """
    version, imprint, *rest = der.children(data)
    if version[1] != b"\1":
        raise ValueError("the version is not 1")
    algorithm, digest = der.children(imprint[2])
    name = _HASHES.get(der.children(algorithm[2])[0][2])
    if name is None:
        raise ValueError("the hash is not one that is served")
    nonce = next((int.from_bytes(content, signed=True) for tag, content, _ in rest if tag == der.INTEGER), -1)
    return Request(name, digest[1], nonce, (0x01, b"\xff") in [(tag, content) for tag, content, _ in rest])


class TimestampAuthority:
    """A root and the leaf that signs; a second pair with the same names that nobody trusts.

    With `usages` or `critical` changed, the leaf is one that must not sign timestamps (RFC 3161, section 2.3).
    """

    def __init__(
        self,
        epoch: datetime,
        *,
        usages: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.TIME_STAMPING,),
        critical: bool = True,
    ) -> None:
        self._epoch = epoch
        usage = x509.ExtendedKeyUsage(usages)
        self._trusted, self._untrusted = (_Signer(epoch, usage, critical=critical) for _ in range(2))
        self._serial = 0

    @property
    def chain(self) -> tuple[x509.Certificate, x509.Certificate]:
        """Leaf and root."""
        return self._trusted.leaf, self._trusted.root

    def stamp(self, data: bytes, moment: datetime, *, switches: Switches = NONE) -> bytes:
        """The reply to a request for the SHA-256 of `data`."""
        return self.reply(Request(SHA256, hashlib.sha256(data).digest()), moment, switches=switches)

    def reply(self, request: Request, moment: datetime, *, switches: Switches) -> bytes:
        """A TimeStampResp."""
        if Switch.TSA_REFUSED in switches:  # rejection, badRequest
            return der.sequence(der.sequence(der.integer(2), der.tagged(0x03, b"\x05\x20")))
        signer = self._untrusted if Switch.TSA_UNTRUSTED_LEAF in switches else self._trusted
        if Switch.TSA_OUTSIDE_WINDOW in switches:
            moment = self._epoch - _YEAR / 2
        self._serial += 1
        information = _information(_altered(request, switches), moment, self._serial)
        token = signer.token(information, moment, request.certificates, broken=Switch.TSA_BAD_SIGNATURE in switches)
        return der.sequence(der.sequence(der.integer(0)), token)


class _Signer:
    def __init__(self, epoch: datetime, usage: x509.ExtendedKeyUsage, *, critical: bool) -> None:
        root, self._key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = _certificate(epoch, "fake-tsa-root", root, root).add_extension(constraints, critical=True)
        self.root = builder.sign(root, hashes.SHA384())
        builder = _certificate(epoch, "fake-tsa", self._key, root).add_extension(usage, critical=critical)
        self.leaf = builder.sign(root, hashes.SHA384())

    def token(self, information: bytes, moment: datetime, certificates: bool, *, broken: bool) -> bytes:
        """A ContentInfo with SignedData about a TSTInfo."""
        attributes = self._attributes(information, moment)
        # signed as a SET OF, enclosed under a context tag (RFC 5652, section 5.4)
        signature = self._key.sign(attributes, ec.ECDSA(hashes.SHA256()))
        [(_, content, _)] = der.values(attributes)
        name = self.leaf.issuer.public_bytes()
        signer = der.sequence(
            der.integer(1),
            der.sequence(name, der.integer(self.leaf.serial_number)),
            der.algorithm(SHA256, der.NULL),
            der.context(0, content),
            der.algorithm(_ECDSA_SHA256),
            der.octets(flipped(signature) if broken else signature),
        )
        enclosed = self.leaf.public_bytes(Encoding.DER) + self.root.public_bytes(Encoding.DER)
        data = der.sequence(
            der.integer(3),
            der.set_of(der.algorithm(SHA256, der.NULL)),
            der.sequence(der.object_identifier(_TST_INFO), der.context(0, der.octets(information))),
            der.context(0, enclosed) if certificates else b"",
            der.set_of(signer),
        )
        return der.sequence(der.object_identifier(_SIGNED_DATA), der.context(0, data))

    def _attributes(self, information: bytes, moment: datetime) -> bytes:
        certificate = hashlib.sha256(self.leaf.public_bytes(Encoding.DER)).digest()
        return der.set_of(
            _attribute(_CONTENT_TYPE, der.object_identifier(_TST_INFO)),
            _attribute(_MESSAGE_DIGEST, der.octets(hashlib.sha256(information).digest())),
            _attribute(_SIGNING_TIME, der.utc_time(moment)),
            # SigningCertificateV2 of one ESSCertIDv2, whose hash is SHA-256 by default
            _attribute(_SIGNING_CERTIFICATE, der.sequence(der.sequence(der.sequence(der.octets(certificate))))),
        )


def _attribute(name: str, value: bytes) -> bytes:
    return der.sequence(der.object_identifier(name), der.set_of(value))


def _altered(request: Request, switches: Switches) -> Request:
    algorithm, imprint, nonce = request.algorithm, request.imprint, request.nonce
    if Switch.TSA_SHA1 in switches:
        algorithm, imprint = SHA1, hashlib.sha1(imprint).digest()
    if Switch.TSA_WRONG_HASH in switches:
        imprint = flipped(imprint)
    if Switch.TSA_WRONG_NONCE in switches:
        nonce += 1
    return Request(algorithm, imprint, nonce, request.certificates)


def _information(request: Request, moment: datetime, serial: int) -> bytes:
    """A TSTInfo."""
    return der.sequence(
        der.integer(1),
        der.object_identifier(_POLICY),
        der.sequence(der.algorithm(request.algorithm, der.NULL), der.octets(request.imprint)),
        der.integer(serial),
        der.generalized_time(moment),
        der.sequence(der.integer(1)),  # accurate to a second
        der.integer(request.nonce) if request.nonce >= 0 else b"",
    )


def _certificate(
    epoch: datetime, name: str, key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    root = key is issuer
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("fake-tsa-root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(epoch - _YEAR)
        .not_valid_after(epoch + 10 * _YEAR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not root, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=root, crl_sign=root, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
