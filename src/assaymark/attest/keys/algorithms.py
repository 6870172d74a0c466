"""How each kind of key signs and verifies: the only file that does public-key arithmetic.

| key | signs | verifies |
|---|---|---|
| ECDSA P-256 | SHA-256 | SHA-256 |
| ECDSA P-384 | SHA-256 | SHA-384, then SHA-256 |
| ECDSA P-521 | SHA-256 | SHA-512, then SHA-256 |
| RSA | PKCS#1 v1.5, SHA-256 | the same |
| Ed25519 | pure (RFC 8032) | pure, then Ed25519ph |

cosign 3 signs P-384 and P-521 with the hash of the curve and Ed25519 as Ed25519ph, but verifies a key with SHA-256 and
pure Ed25519. So what we write is what it verifies, and what we verify is everything that it writes. Both hashes are
collision resistant, and the key alone decides which are tried: nothing in the signed document chooses.

ECDSA signatures are DER and only DER, with `r` and `s` between 1 and the order of the curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final

from assaymark.attest.keys.der import DerReader
from assaymark.attest.keys.public import Algorithm, PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    SupportedPrivateKey = EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey


class Scheme(Enum):
    """How one signature was made."""

    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    ECDSA_SHA512 = "ecdsa-sha512"
    RSA_PKCS1_SHA256 = "rsa-pkcs1v15-sha256"
    ED25519 = "ed25519"
    ED25519PH = "ed25519ph"


_SCHEMES: Final = {
    Algorithm.ECDSA_P256: (Scheme.ECDSA_SHA256,),
    Algorithm.ECDSA_P384: (Scheme.ECDSA_SHA384, Scheme.ECDSA_SHA256),
    Algorithm.ECDSA_P521: (Scheme.ECDSA_SHA512, Scheme.ECDSA_SHA256),
    Algorithm.RSA: (Scheme.RSA_PKCS1_SHA256,),
    Algorithm.ED25519: (Scheme.ED25519, Scheme.ED25519PH),
}

# SP 800-186, section 3.2.1: the order n of each base point
_ORDERS: Final = {
    Algorithm.ECDSA_P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    Algorithm.ECDSA_P384: int(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16
    ),
    Algorithm.ECDSA_P521: int(
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
        "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        16,
    ),
}


def verify_signature(key: PublicKey, *, signature: bytes, message: bytes) -> Scheme | None:
    """How `key` signed `message`; None where `signature` is not its signature."""
    for scheme in _SCHEMES[key.algorithm]:
        if _is_valid(key, scheme, signature, message):
            return scheme
    return None


def verify_digests(key: PublicKey, *, signature: bytes, digests: Mapping[str, bytes]) -> Scheme | None:
    """How `key` signed what has these digests, by their names in `hashlib`; None where it is not its signature.

    Ed25519 signs the message and not a digest of it: such a key verifies nothing here.
    """
    for scheme in _SCHEMES[key.algorithm]:
        digest = digests.get(scheme.value.rpartition("-")[2])
        if digest is not None and _is_valid_digest(key, scheme, signature, digest):
            return scheme
    return None


def is_signature(key: PublicKey, *, signature: bytes, message: bytes, algorithm: str) -> bool:
    """Whether `signature` is that of an ECDSA or RSA key with a hash that a specification names (`sha256`, …)."""
    from cryptography.hazmat.primitives import hashes

    known: dict[str, HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    if key.algorithm in _ORDERS:
        return _is_valid_ecdsa(key, known[algorithm], signature, message)
    return key.algorithm is Algorithm.RSA and _is_valid_rsa(key, known[algorithm], signature, message)


def sign_message(key: SupportedPrivateKey, message: bytes) -> bytes:
    """A signature over `message` in the form that cosign verifies for this kind of key."""
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), SHA256())
    return key.sign(message)


def encode_ecdsa(raw: bytes) -> bytes:
    """The DER of an ECDSA signature that tokens and services give as `r` and `s` in halves of one length.

    Raises:
        ValueError: it has no two halves.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half, odd = divmod(len(raw), 2)
    if odd or not half:
        raise ValueError("an ECDSA signature has two halves of one length")
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def check_point(key: PublicKey) -> None:
    """Raise `ValueError` where the point of an ECDSA key is not on its curve."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if key.algorithm in _ORDERS:
        ec.EllipticCurvePublicKey.from_encoded_point(_curve(key.algorithm), key.material)


def generate(algorithm: Algorithm) -> SupportedPrivateKey:
    """A fresh private key; RSA keys have 3072 bits."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if algorithm in _ORDERS:
        return ec.generate_private_key(_curve(algorithm))
    if algorithm is Algorithm.RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ed25519.Ed25519PrivateKey.generate()


def _is_valid(key: PublicKey, scheme: Scheme, signature: bytes, message: bytes) -> bool:
    if scheme is Scheme.ED25519PH:
        return _is_valid_prehashed(key, signature, message)
    if key.algorithm in _ORDERS:
        return _is_valid_ecdsa(key, _hash(scheme), signature, message)
    if key.algorithm is Algorithm.RSA:
        return _is_valid_rsa(key, _hash(scheme), signature, message)
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.material).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_valid_digest(key: PublicKey, scheme: Scheme, signature: bytes, digest: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    if key.algorithm in _ORDERS:
        return _is_valid_ecdsa(key, Prehashed(_hash(scheme)), signature, digest)
    return key.algorithm is Algorithm.RSA and _is_valid_rsa(key, Prehashed(_hash(scheme)), signature, digest)


def _is_valid_rsa(key: PublicKey, algorithm: HashAlgorithm | Prehashed, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        modulus, exponent = key.rsa_numbers()
        public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        public.verify(signature, message, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_valid_ecdsa(key: PublicKey, algorithm: HashAlgorithm | Prehashed, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        _check_ecdsa_form(signature, _ORDERS[key.algorithm])
        public = ec.EllipticCurvePublicKey.from_encoded_point(_curve(key.algorithm), key.material)
        public.verify(signature, message, ec.ECDSA(algorithm))
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_ecdsa_form(signature: bytes, order: int) -> None:
    # CVE-2022-36056 and kin: BER, trailing bytes and r = s = 0 have each been taken for a signature somewhere
    outer = DerReader(signature)
    numbers = outer.sequence()
    outer.finish()
    r, s = numbers.integer(), numbers.integer()
    numbers.finish()
    if not (0 < r < order and 0 < s < order):
        raise ValueError("r or s is outside the group")


def _is_valid_prehashed(key: PublicKey, signature: bytes, message: bytes) -> bool:
    # `cryptography` has no Ed25519ph; libsodium has (RFC 8032 section 5.1, with an empty context)
    from nacl.bindings import (
        crypto_sign_ed25519ph_final_verify,
        crypto_sign_ed25519ph_state,
        crypto_sign_ed25519ph_update,
    )
    from nacl.exceptions import BadSignatureError

    if len(signature) != 64:
        return False
    state = crypto_sign_ed25519ph_state()
    crypto_sign_ed25519ph_update(state, message)
    try:
        return bool(crypto_sign_ed25519ph_final_verify(state, signature, key.material))
    except BadSignatureError:
        return False


def _curve(algorithm: Algorithm) -> EllipticCurve:
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[Algorithm, type[EllipticCurve]] = {
        Algorithm.ECDSA_P256: ec.SECP256R1,
        Algorithm.ECDSA_P384: ec.SECP384R1,
        Algorithm.ECDSA_P521: ec.SECP521R1,
    }
    return curves[algorithm]()


def _hash(scheme: Scheme) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    algorithms: dict[Scheme, type[HashAlgorithm]] = {
        Scheme.ECDSA_SHA256: hashes.SHA256,
        Scheme.ECDSA_SHA384: hashes.SHA384,
        Scheme.ECDSA_SHA512: hashes.SHA512,
        Scheme.RSA_PKCS1_SHA256: hashes.SHA256,
    }
    return algorithms[scheme]()
