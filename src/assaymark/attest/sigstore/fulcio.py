"""Certificates for an identity: Fulcio's interface version 2 (sigstore/fulcio, `fulcio.proto`).

The signer shows its token and proves that it has the private key: by a signature over the identity that the token
names (as cosign does), or by a certificate signing request (as sigstore-python does). Fulcio checks the token,
publishes the certificate in a public log, and answers with the chain, leaf first.

Rules for the answer: PEM certificates, at most `_CHAIN`; the leaf carries the very key that we showed. Only the leaf
goes into a bundle; whether its chain and its SCT are to be trusted is for the verification to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from assaymark.attest.keys.pem import parse_pem
from assaymark.attest.keys.private import PrivateKey, Signer
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.attest.sigstore.reply import Answer, ask, join, object_of
from assaymark.attest.strict import encode_base64
from assaymark.errors import NetworkError, SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.network import Network
from assaymark.safeio.text import printable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

_CHAIN: Final = 16
_NAMES: Final = {Algorithm.RSA: "RSA", Algorithm.ED25519: "ED25519"}  # any other key is "ECDSA"
_ANSWERS: Final = ("signedCertificateEmbeddedSct", "signedCertificateDetachedSct")


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it was issued, DER.

    Attributes:
        leaf: the signer's.
        chain: who issued it, up to the root.
        expires: seconds since 1970.
    """

    leaf: bytes
    chain: tuple[bytes, ...]
    expires: float


def request_certificate(
    network: Network, url: str, *, token: IdentityToken, signer: Signer, limits: Limits = DEFAULT_LIMITS
) -> Certificate:
    """A certificate for the key of `signer` and the identity of `token`.

    Args:
        network: how Fulcio is reached.
        url: its base.
        token: who signs.
        signer: the key; possession of it is proven by a signature over the identity.
        limits: the bounds.

    Raises:
        SigningError: Fulcio refuses the token: `CERTIFICATE_REFUSED`.
        NetworkError: it cannot be reached, fails, or answers something else.
    """
    proof = signer.sign(token.claims.identity.encode())
    public = signer.public
    key = {"algorithm": _NAMES.get(public.algorithm, "ECDSA"), "content": public.pem.decode("ascii")}
    document = {"publicKeyRequest": {"publicKey": key, "proofOfPossession": encode_base64(proof)}}
    return _request(network, url, document, token=token, spki=public.spki, limits=limits)


def request_with_csr(
    network: Network, url: str, *, token: IdentityToken, key: PrivateKey, limits: Limits = DEFAULT_LIMITS
) -> Certificate:
    """The same with a certificate signing request (RFC 2986), for authorities that take nothing else.

    Raises:
        SigningError: Fulcio refuses the token: `CERTIFICATE_REFUSED`.
        NetworkError: it cannot be reached, fails, or answers something else.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key

    loaded = cast("CertificateIssuerPrivateKeyTypes", load_der_private_key(key.to_pkcs8(), password=None))
    hash_algorithm = None if key.public.algorithm is Algorithm.ED25519 else SHA256()
    request = x509.CertificateSigningRequestBuilder(subject_name=x509.Name([])).sign(loaded, hash_algorithm)
    document = {"certificateSigningRequest": encode_base64(request.public_bytes(Encoding.PEM))}
    return _request(network, url, document, token=token, spki=key.public.spki, limits=limits)


def _request(
    network: Network, url: str, document: dict[str, Any], *, token: IdentityToken, spki: bytes, limits: Limits
) -> Certificate:
    answer = ask(
        network,
        "POST",
        join(url, "api/v2/signingCert"),
        service="the certificate authority",
        limit=limits.service_reply_bytes,
        body=msgspec.json.encode(document),
        headers={"Authorization": f"Bearer {token.secret.reveal()}"},
    )
    if not answer.good:
        raise _refusal(answer, token)
    try:
        certificate = _read_chain(answer.document(limits=limits), spki)
        _check_address(certificate.leaf, token.claims.email)
    except ValueError as exc:
        raise answer.malformed(str(exc)) from exc
    return certificate


def _read_chain(document: dict[str, Any], spki: bytes) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found = next((name for name in _ANSWERS if isinstance(document.get(name), dict)), _ANSWERS[0])
    listed = object_of(object_of(document, found), "chain").get("certificates")
    if not isinstance(listed, list) or not 0 < len(listed) <= _CHAIN:
        raise ValueError(f"there are not 1 to {_CHAIN} certificates")
    chain = tuple(_read_certificate(text) for text in listed)
    leaf = x509.load_der_x509_certificate(chain[0])
    if leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise ValueError("the certificate is for another key")
    return Certificate(leaf=chain[0], chain=chain[1:], expires=leaf.not_valid_after_utc.timestamp())


def _check_address(leaf: bytes, email: str) -> None:
    """A certificate for an address is for the token's: nothing is to be published in somebody else's name.

    Build services' identities are the authority's own compositions of claims, with which there is nothing to compare.
    """
    from cryptography import x509

    try:
        names = x509.load_der_x509_certificate(leaf).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return  # verification says what is missing
    addresses = names.value.get_values_for_type(x509.RFC822Name)
    if email and addresses and email.lower() not in (address.lower() for address in addresses):
        raise ValueError(f"the certificate is for somebody else, `{printable(addresses[0])}`")


def _read_certificate(text: object) -> bytes:
    pem = parse_pem(text.encode()) if isinstance(text, str) else None
    if pem is None or pem.label != "CERTIFICATE":
        raise ValueError("what should be a certificate is none")
    return pem.body


def _refusal(answer: Answer, token: IdentityToken) -> NetworkError | SigningError:
    if answer.status not in (400, 401, 403):
        return answer.failure(hint="nothing was signed; try again later")
    claims = token.claims
    text = f"the certificate authority at `{answer.url}` refuses the identity of {printable(claims.identity)}"
    words = answer.explanation
    return SigningError(f"{text}: {words}" if words else text, hint=_hint(words, token), reason="CERTIFICATE_REFUSED")


def _hint(words: str, token: IdentityToken) -> str:
    """What to change, by what Fulcio's own words are about."""
    said, issuer = words.lower(), printable(token.claims.issuer)
    if "expired" in said:
        return "get a fresh token just before signing, and check this machine's clock"
    if "audience" in said or "aud" in said.split():
        named = ", ".join(printable(name) for name in token.claims.audiences)
        return f"the token's audience is `{named}`: ask the provider for the one that this authority expects"
    if "issuer" in said or "provider" in said:
        return f"this authority does not know the issuer `{issuer}`: give `--fulcio-url` of one that does"
    if "proof" in said or "challenge" in said:
        return "the authority names the identity otherwise than the token does: sign in with another provider"
    return f"the token came from {token.source} and names the issuer `{issuer}`: is it known there, and still valid?"
