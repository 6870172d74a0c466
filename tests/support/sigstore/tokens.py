"""Identity tokens: JSON web tokens signed with RS256 (RFC 7515, RFC 7518), written and read."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

OURS: Final = "ours"
FOREIGN: Final = "foreign"


@cache
def signing_key(name: str) -> rsa.RSAPrivateKey:
    """The key called `name`, made once for each run of the tests because RSA keys are slow to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_id(key: rsa.RSAPrivateKey) -> str:
    return hashlib.sha256(str(key.public_key().public_numbers().n).encode()).hexdigest()[:40]


def json_web_key(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "use": "sig",
        "kty": "RSA",
        "kid": key_id(key),
        "alg": "RS256",
        "n": encode(numbers.n.to_bytes(256)),
        "e": encode(numbers.e.to_bytes(3)),
    }


def sign(claims: Mapping[str, Any], key: rsa.RSAPrivateKey | None) -> str:
    """A token; without a key, one whose algorithm is `none`."""
    header = {"alg": "RS256", "kid": key_id(key), "typ": "JWT"} if key else {"alg": "none", "typ": "JWT"}
    text = f"{_encode_json(header)}.{_encode_json(claims)}"
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()) if key else b""
    return f"{text}.{encode(signature)}"


def verify(token: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
    """The claims of a token that `key` signed.

    Raises:
        ValueError: it is malformed, or signed otherwise or not at all.
    """
    header, body, signature = token.split(".")
    if json.loads(decode(header)).get("alg") != "RS256":
        raise ValueError("the token's algorithm is not RS256")
    try:
        signed = f"{header}.{body}".encode()
        key.public_key().verify(decode(signature), signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as exc:
        raise ValueError("the token's signature does not verify") from exc
    claims: dict[str, Any] = json.loads(decode(body))
    return claims


def half_hash(text: str) -> str:
    """`at_hash` (OpenID Connect Core, 3.1.3.6)."""
    return encode(hashlib.sha256(text.encode()).digest()[:16])


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encode_json(document: Mapping[str, Any]) -> str:
    return encode(json.dumps(document, separators=(",", ":")).encode())
