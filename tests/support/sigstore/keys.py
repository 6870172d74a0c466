"""Keys that sign: their signatures, their digests and their names in the second generation's log."""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
VerifyingKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_CURVES: Final = {
    256: ("PKIX_ECDSA_P256_SHA_256", hashes.SHA256()),
    384: ("PKIX_ECDSA_P384_SHA_384", hashes.SHA384()),
    521: ("PKIX_ECDSA_P521_SHA_512", hashes.SHA512()),
}


def key_details(key: VerifyingKey) -> str:
    """The name of the key's algorithm in Sigstore's messages."""
    return f"PKIX_RSA_PKCS1V15_{key.key_size}_SHA256" if isinstance(key, rsa.RSAPublicKey) else _CURVES[key.key_size][0]


def sign_message(key: SigningKey, message: bytes) -> tuple[bytes, bytes]:
    """A signature with the hash that goes with the key, and the message's digest by that hash."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256()), hashlib.sha256(message).digest()
    algorithm = _CURVES[key.key_size][1]
    return key.sign(message, ec.ECDSA(algorithm)), hashlib.new(algorithm.name, message).digest()


def key_hash(key: object, message: bytes) -> bytes | None:
    """The digest that a signature by this key is over; None for a key that takes no hash."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return hashlib.new(_CURVES[key.key_size][1].name, message).digest()
    return hashlib.sha256(message).digest() if isinstance(key, rsa.RSAPublicKey) else None
