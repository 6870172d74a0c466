"""A certificate authority as Fulcio runs one, with the certificate transparency log that it submits to.

A leaf (Fulcio, `docs/certificate-specification.md`): ten minutes, no subject, one critical name, the use of signing code,
and an embedded promise of the log (RFC 6962, section 3.3) over the certificate without that promise.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.sigstore import der
from tests.support.sigstore.identities import ARC, ISSUER, ISSUER_RAW, Identity
from tests.support.sigstore.switches import Switch, Switches

LIFETIME: Final = timedelta(minutes=10)
YEAR: Final = timedelta(days=365)
SCT_LIST: Final = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
MALLORY: Final = "mallory@example.test"

PublicKey = CertificateIssuerPublicKeyTypes


def spki(key: PublicKey) -> bytes:
    """The key as SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Authority:
    """A root, an intermediate and the leaves under it; its own years begin one before `epoch`."""

    def __init__(self, epoch: datetime, *, name: str = "fake-fulcio") -> None:
        self._epoch = epoch
        self._keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(2)]
        self._names = [_name(name), _name(f"{name}-intermediate")]
        self.root = self._certify(0, path_length=1, usages=())
        self.intermediate = self._certify(1, path_length=0, usages=(ExtendedKeyUsageOID.CODE_SIGNING,))

    @property
    def chain(self) -> tuple[x509.Certificate, x509.Certificate]:
        """Intermediate and root."""
        return self.intermediate, self.root

    def issue(
        self, key: PublicKey, identity: Identity, moment: datetime, *, log: CtLog, switches: Switches
    ) -> x509.Certificate:
        """A leaf for `key`, as of `moment`; the switches of `Switch` that name leaves and their log apply."""
        builder = self._leaf(key, identity, _start(moment, switches), switches)
        bare = builder.sign(self._keys[1], hashes.SHA384())
        if Switch.NO_SCT in switches:
            return bare
        sct = log.promise(bare.tbs_certificate_bytes, spki(self._keys[1].public_key()), moment, switches)
        listed = len(sct).to_bytes(2) + sct
        value = der.octets(len(listed).to_bytes(2) + listed)
        return builder.add_extension(x509.UnrecognizedExtension(SCT_LIST, value), critical=False).sign(
            self._keys[1], hashes.SHA384()
        )

    def _certify(self, level: int, *, path_length: int, usages: tuple[x509.ObjectIdentifier, ...]) -> x509.Certificate:
        public = self._keys[level].public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._names[level])
            .issuer_name(self._names[0])
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._epoch - YEAR)
            .not_valid_after(self._epoch + 10 * YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._keys[0].public_key()), critical=False
            )
        )
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return builder.sign(self._keys[0], hashes.SHA384())

    def _leaf(self, key: PublicKey, identity: Identity, start: datetime, switches: Switches) -> x509.CertificateBuilder:
        usage = ExtendedKeyUsageOID.CODE_SIGNING
        if Switch.NO_CODE_SIGNING in switches:
            usage = ExtendedKeyUsageOID.CLIENT_AUTH
        if Switch.OTHER_KEY in switches:
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        name = x509.RFC822Name(MALLORY) if Switch.OTHER_SAN in switches else identity.name
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self._names[1])
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + LIFETIME)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._keys[1].public_key()), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        )
        foreign = (ISSUER_RAW, ISSUER) if Switch.OTHER_ISSUER_EXTENSION in switches else ()
        for number, stated in identity.extensions:
            text = "https://issuer.mallory.test" if number in foreign else stated
            value = text.encode() if number < 7 else der.utf8(text)
            extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}.{number}"), value)
            builder = builder.add_extension(extension, critical=False)
        return builder


class CtLog:
    """A certificate transparency log: its key, and a second one that nobody trusts."""

    def __init__(self, epoch: datetime) -> None:
        self._epoch = epoch
        self._key, self._other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo."""
        return spki(self._key.public_key())

    @property
    def key_id(self) -> bytes:
        """What certificates and trusted roots call the log."""
        return hashlib.sha256(self.public_key).digest()

    def promise(self, tbs: bytes, issuer: bytes, moment: datetime, switches: Switches) -> bytes:
        """A signed certificate timestamp (RFC 6962, section 3.2) over a certificate's body and its issuer's key."""
        key = self._other if Switch.OTHER_CT_LOG in switches else self._key
        if Switch.OLD_SCT in switches:
            moment = self._epoch - YEAR / 2
        if Switch.WRONG_SCT in switches:
            tbs = tbs[:-1] + bytes([tbs[-1] ^ 1])
        time = int(moment.timestamp() * 1000).to_bytes(8)
        entry = hashlib.sha256(issuer).digest() + len(tbs).to_bytes(3) + tbs
        signature = key.sign(b"\0\0" + time + b"\0\1" + entry + b"\0\0", ec.ECDSA(hashes.SHA256()))
        identifier = hashlib.sha256(spki(key.public_key())).digest()
        return b"\0" + identifier + time + b"\0\0\4\3" + len(signature).to_bytes(2) + signature


def _start(moment: datetime, switches: Switches) -> datetime:
    if Switch.EXPIRED_LEAF in switches:
        return moment - timedelta(hours=6)
    return moment + timedelta(hours=6) if Switch.FUTURE_LEAF in switches else moment


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sigstore.test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
