"""Verifying an ID token that we were given by signing in (OpenID Connect Core 1.0, section 3.1.3.7; RFC 7515 to 7518).

In order: the signature is by a key that the issuer publishes, with an algorithm that fits the kind of key (the token
chooses neither `none` nor a shared secret: CVE-2022-29217 and its like); the issuer is the one that was asked; the
audience is our client; it has not expired; the nonce is ours; `at_hash`, where there is one, is that of the access
token that came along.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from assaymark.attest.sigstore.oidc.issuer import SERVICE, Issuer
from assaymark.attest.sigstore.oidc.pkce import url_safe
from assaymark.attest.sigstore.oidc.token import IdentityToken, parse_token, split_token
from assaymark.attest.sigstore.reply import ask, data_of
from assaymark.errors import SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.network import Network
from assaymark.net.secret import Secret
from assaymark.safeio.text import printable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    Key = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

_KEYS: Final = 100
_SKEW_SECONDS: Final = 60.0
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the token must say.

    Attributes:
        client: our client id.
        nonce: ours; empty where the flow has none.
        access_token: that came along; empty where there was none.
    """

    client: str
    nonce: str = ""
    access_token: str = ""


def verify_token(
    network: Network, issuer: Issuer, secret: Secret, wanted: Wanted, *, now: float, limits: Limits = DEFAULT_LIMITS
) -> IdentityToken:
    """The token, once everything about it was verified.

    Raises:
        SigningError: `TOKEN_MALFORMED` or `TOKEN_NOT_VERIFIED`.
        NetworkError: the issuer's keys cannot be got.
    """
    token = parse_token(secret, source=f"`{printable(issuer.name)}`", limits=limits)
    keys = _fetch_keys(network, issuer, limits)
    try:
        header, claims, signature = split_token(secret, limits=limits)
        _check_signature(header, keys, secret, signature)
        _check_claims(token, claims, issuer=issuer, wanted=wanted, now=now)
        _check_access_token(str(header["alg"]), claims.get("at_hash"), wanted.access_token)
    except ValueError as exc:
        raise SigningError(
            f"the identity token from {token.source} does not verify: {exc}",
            hint="sign in again; if it happens again, somebody or something stands between you and the provider",
            reason="TOKEN_NOT_VERIFIED",
        ) from exc
    return token


def _fetch_keys(network: Network, issuer: Issuer, limits: Limits) -> list[dict[str, Any]]:
    answer = ask(network, "GET", issuer.keys, service=SERVICE, limit=limits.token_bytes, nearest=issuer.nearest)
    if not answer.good:
        raise answer.failure()
    listed = answer.document(limits=limits).get("keys")
    if not isinstance(listed, list) or len(listed) > _KEYS:
        raise answer.malformed(f"there is no list of up to {_KEYS} keys")
    return [key for key in listed if isinstance(key, dict)]


def _check_signature(header: dict[str, Any], keys: list[dict[str, Any]], secret: Secret, signature: bytes) -> None:
    algorithm, named = str(header.get("alg", "")), header.get("kid")
    signed = secret.reveal().rpartition(".")[0].encode("ascii")
    candidates = [key for key in keys if key.get("use") != "enc" and (named is None or key.get("kid") == named)]
    for candidate in candidates:
        key = _read_key(candidate, algorithm)
        if key is not None and _is_signed(key, algorithm, signature, signed):
            return
    raise ValueError("it is not signed by a key of the provider")


def _check_claims(token: IdentityToken, claims: dict[str, Any], *, issuer: Issuer, wanted: Wanted, now: float) -> None:
    said = token.claims
    if said.issuer != issuer.name:
        raise ValueError(f"it names the issuer `{printable(said.issuer[:200])}`")
    if wanted.client not in said.audiences:
        raise ValueError(f"it is not meant for `{wanted.client}`")
    if len(said.audiences) > 1 and claims.get("azp") not in (None, wanted.client):
        raise ValueError("it was given to another program (`azp`)")
    if not said.expires or said.expires + _SKEW_SECONDS < now:
        raise ValueError("it has expired; is this machine's clock right?")
    if wanted.nonce and claims.get("nonce") != wanted.nonce:
        raise ValueError("its nonce is not ours")


def _check_access_token(algorithm: str, hashed: object, access_token: str) -> None:
    """`at_hash`: the left half of the hash of the token's own algorithm; Ed25519 hashes with SHA-512."""
    if hashed is None or not access_token:
        return
    size = "512" if algorithm == "EdDSA" else algorithm[-3:]
    digest = hashlib.new(f"sha{size}", access_token.encode()).digest()
    if hashed != url_safe(digest[: len(digest) // 2]):
        raise ValueError("`at_hash` is not that of the access token")


def _read_key(key: dict[str, Any], algorithm: str) -> Key | None:
    """The key, where it is one that can sign with `algorithm`."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    kind = key.get("kty")
    try:
        if kind == "RSA" and algorithm[:2] in ("RS", "PS"):
            modulus, exponent = (int.from_bytes(data_of(key, name), "big") for name in ("n", "e"))
            if not 2048 <= modulus.bit_length() <= 8192 or exponent.bit_length() > 32:
                return None
            return rsa.RSAPublicNumbers(exponent, modulus).public_key()
        if kind == "EC" and key.get("crv") == _CURVES.get(algorithm):
            curves: dict[str, type[ec.EllipticCurve]] = {
                "P-256": ec.SECP256R1,
                "P-384": ec.SECP384R1,
                "P-521": ec.SECP521R1,
            }
            point = b"\x04" + data_of(key, "x") + data_of(key, "y")
            return ec.EllipticCurvePublicKey.from_encoded_point(curves[key["crv"]](), point)
        if kind == "OKP" and key.get("crv") == "Ed25519" and algorithm == "EdDSA":
            return ed25519.Ed25519PublicKey.from_public_bytes(data_of(key, "x"))
    except ValueError:
        return None
    return None


def _is_signed(key: Key, algorithm: str, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    kinds: dict[str, type[hashes.HashAlgorithm]] = {
        "256": hashes.SHA256,
        "384": hashes.SHA384,
        "512": hashes.SHA512,
    }
    try:
        if isinstance(key, rsa.RSAPublicKey):
            hashed = kinds[algorithm[-3:]]()
            pss = padding.PSS(mgf=padding.MGF1(hashed), salt_length=padding.PSS.DIGEST_LENGTH)
            key.verify(signature, message, pss if algorithm.startswith("PS") else padding.PKCS1v15(), hashed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            half = (key.key_size + 7) // 8
            if len(signature) != 2 * half:
                return False
            numbers = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            key.verify(encode_dss_signature(*numbers), message, ec.ECDSA(kinds[algorithm[-3:]]()))
        else:
            key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
