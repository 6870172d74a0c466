"""Private keys: making them, taking them from DER and giving them back, and signing.

`Signer` is what the rest of the program sees: something that signs and knows its public key. A key on disk is one, a
key in a hardware token or behind a key management service will be another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, final

from assaymark.attest.keys.algorithms import generate, sign_message
from assaymark.attest.keys.public import Algorithm, PublicKey, parse_spki
from assaymark.errors import SigningError

if TYPE_CHECKING:
    from assaymark.attest.keys.algorithms import SupportedPrivateKey


class Signer(Protocol):
    """Signs, and knows the key that verifies."""

    @property
    def public(self) -> PublicKey:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """A signature over `message`.

        Raises:
            SigningError: the key cannot be used.
        """
        ...


@final
class PrivateKey:
    """A private key in memory."""

    __slots__ = ("_key", "public")

    def __init__(self, key: SupportedPrivateKey) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        try:
            self.public: PublicKey = parse_spki(spki)
        except ValueError as exc:
            raise SigningError(f"the private key is not accepted: {exc}", reason="KEY_WEAK") from exc
        self._key = key

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.algorithm.value}, {self.public.fingerprint})"

    def sign(self, message: bytes) -> bytes:
        """A signature over `message`."""
        return sign_message(self._key, message)

    def to_pkcs8(self) -> bytes:
        """The key as unencrypted PKCS#8 DER."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def generate_key(algorithm: Algorithm = Algorithm.ECDSA_P256) -> PrivateKey:
    """A fresh key."""
    return PrivateKey(generate(algorithm))


def parse_private_der(der: bytes) -> PrivateKey:
    """The key of unencrypted PKCS#8, PKCS#1 or SEC1 DER.

    Raises:
        SigningError: it is malformed, weak, or of a kind that cannot sign here.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(der, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise SigningError("the private key is malformed", reason="KEY_MALFORMED") from exc
    if isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey, ed25519.Ed25519PrivateKey)):
        return PrivateKey(key)
    raise SigningError("the private key is neither ECDSA, RSA nor Ed25519", reason="KEY_UNSUPPORTED")
