"""Public keys: which kinds there are, how they are read, and what they are called.

Reads PEM `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 5280 section 4.1; algorithms: RFC 5480 for ECDSA, RFC 8017 appendix A
for RSA, RFC 8410 for Ed25519) and `RSA PUBLIC KEY` (PKCS#1). Certificates and private keys are refused by name.

Rules: named curves P-256, P-384 and P-521 with uncompressed points; RSA of 2048 to 4096 bits, a multiple of eight, with
an odd exponent above two; no bytes behind the key.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from enum import Enum
from typing import Final

import msgspec

from assaymark.attest.keys.der import BIT_STRING, NULL, OBJECT_IDENTIFIER, SEQUENCE, DerReader, encode
from assaymark.attest.keys.pem import encode_pem, parse_pem
from assaymark.errors import UsageError

SPKI_LABEL: Final = "PUBLIC KEY"
PKCS1_LABEL: Final = "RSA PUBLIC KEY"


class Algorithm(Enum):
    """What a key can be."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    ECDSA_P521 = "ecdsa-p521"
    RSA = "rsa"
    ED25519 = "ed25519"


_EC: Final = bytes.fromhex("2a8648ce3d0201")  # id-ecPublicKey, 1.2.840.10045.2.1
_RSA: Final = bytes.fromhex("2a864886f70d010101")  # rsaEncryption, 1.2.840.113549.1.1.1
_ED25519: Final = bytes.fromhex("2b6570")  # id-Ed25519, 1.3.101.112
_CURVES: Final = {
    bytes.fromhex("2a8648ce3d030107"): Algorithm.ECDSA_P256,  # secp256r1
    bytes.fromhex("2b81040022"): Algorithm.ECDSA_P384,  # secp384r1
    bytes.fromhex("2b81040023"): Algorithm.ECDSA_P521,  # secp521r1
}
_POINT_BYTES: Final = {Algorithm.ECDSA_P256: 65, Algorithm.ECDSA_P384: 97, Algorithm.ECDSA_P521: 133}


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that signatures can be verified with.

    Attributes:
        spki: SubjectPublicKeyInfo, DER.
        material: the EC point, the RSA key as PKCS#1 DER, or the 32 bytes of Ed25519.
    """

    algorithm: Algorithm
    spki: bytes
    material: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo: `sha256:` and hex."""
        return "sha256:" + hashlib.sha256(self.spki).hexdigest()

    @property
    def hint(self) -> str:
        """What Sigstore bundles call the key: base64 of the SHA-256 of the SubjectPublicKeyInfo."""
        return b2a_base64(hashlib.sha256(self.spki).digest(), newline=False).decode("ascii")

    @property
    def pem(self) -> bytes:
        """The key as `cosign public-key` prints it."""
        return encode_pem(SPKI_LABEL, self.spki)

    @property
    def openssh_fingerprint(self) -> str:
        """What `ssh-keygen -l` prints (RFC 4253 section 6.6, RFC 5656, RFC 8709): `SHA256:` and unpadded base64."""
        digest = hashlib.sha256(b"".join(_ssh_string(part) for part in _ssh_parts(self))).digest()
        return "SHA256:" + b2a_base64(digest, newline=False).decode("ascii").rstrip("=")

    def rsa_numbers(self) -> tuple[int, int]:
        """Modulus and exponent of an RSA key."""
        return _rsa_numbers(self.material)


def parse_public_key(data: bytes, *, what: str = "the key") -> PublicKey:
    """The public key in PEM text.

    Raises:
        UsageError: it is something else, or a key that nobody should trust.
    """
    try:
        pem = parse_pem(data)
        if pem.label == SPKI_LABEL:
            return parse_spki(pem.body)
        if pem.label == PKCS1_LABEL:
            return parse_spki(_wrap_pkcs1(pem.body))
    except ValueError as exc:
        raise UsageError(f"`{what}` is not a public key: {exc}", hint="give the PEM text of a public key") from exc
    raise UsageError(f"`{what}` is not a public key: it holds a `{pem.label}`", hint=_label_hint(pem.label))


def parse_spki(spki: bytes) -> PublicKey:
    """The key of a SubjectPublicKeyInfo.

    Raises:
        ValueError: it is malformed, of another kind, or too weak.
    """
    outer = DerReader(spki)
    info = outer.sequence()
    outer.finish()
    identifier = info.sequence()
    kind = identifier.take(OBJECT_IDENTIFIER)
    material = info.bits()
    info.finish()
    if kind == _EC:
        algorithm = _ec_algorithm(identifier.take(OBJECT_IDENTIFIER), material)
    elif kind == _RSA:
        algorithm = Algorithm.RSA
        if identifier.take(NULL):
            raise ValueError("the parameters of an RSA key are not NULL")
        check_rsa(*_rsa_numbers(material))
    elif kind == _ED25519:
        algorithm = Algorithm.ED25519
        if len(material) != 32:
            raise ValueError("an Ed25519 key has 32 bytes")
    else:
        raise ValueError("it is neither ECDSA, RSA nor Ed25519")
    identifier.finish()
    return PublicKey(algorithm=algorithm, spki=spki, material=material)


def check_rsa(modulus: int, exponent: int) -> None:
    """Raise `ValueError` for an RSA key whose size or exponent is not accepted."""
    bits = modulus.bit_length()
    if not 2048 <= bits <= 4096 or bits % 8:
        raise ValueError(f"an RSA key has 2048 to 4096 bits, a multiple of 8; this one has {bits}")
    if exponent < 3 or not exponent & 1 or exponent.bit_length() > 32:
        raise ValueError(f"the RSA exponent {exponent} is not accepted")


def _ec_algorithm(curve: bytes, point: bytes) -> Algorithm:
    algorithm = _CURVES.get(curve)
    if algorithm is None:
        raise ValueError("the curve is neither P-256, P-384 nor P-521")
    if len(point) != _POINT_BYTES[algorithm] or point[0] != 0x04:
        raise ValueError("the point is not uncompressed or has the wrong length")
    return algorithm


def _rsa_numbers(pkcs1: bytes) -> tuple[int, int]:
    outer = DerReader(pkcs1)
    numbers = outer.sequence()
    outer.finish()
    modulus, exponent = numbers.integer(), numbers.integer()
    numbers.finish()
    return modulus, exponent


def _ssh_parts(key: PublicKey) -> tuple[bytes, ...]:
    if key.algorithm is Algorithm.RSA:
        modulus, exponent = key.rsa_numbers()
        return b"ssh-rsa", _ssh_number(exponent), _ssh_number(modulus)
    if key.algorithm is Algorithm.ED25519:
        return b"ssh-ed25519", key.material
    curve = b"nistp" + key.algorithm.value[-3:].encode()
    return b"ecdsa-sha2-" + curve, curve, key.material


def _ssh_number(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _ssh_string(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _wrap_pkcs1(pkcs1: bytes) -> bytes:
    identifier = encode(SEQUENCE, encode(OBJECT_IDENTIFIER, _RSA) + encode(NULL, b""))
    return encode(SEQUENCE, identifier + encode(BIT_STRING, b"\0" + pkcs1))


def _label_hint(label: str) -> str:
    if label == "CERTIFICATE":
        return "a certificate is no key: give the public key that belongs to it"
    if label.endswith("PRIVATE KEY"):
        return "verification takes the public half: `assaymark public-key --key KEY` prints it"
    return "give PEM text with the label `PUBLIC KEY`"
