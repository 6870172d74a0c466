"""Fulcio's second interface: `POST /api/v2/signingCert`, `GET /api/v2/trustBundle`.

Certificates are given for a public key with a proof of possession (a signature over the token's subject) or for a signing
request. Refusals are those of the real one: status 400 and a gRPC status as JSON. Source: Fulcio, `fulcio.proto`,
`pkg/server`.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.sigstore.call import Call, Reply, json_reply
from tests.support.sigstore.entries import Verifier, load_verifier, verify_digest, verify_message
from tests.support.sigstore.identities import Identity
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.keys import key_hash

_INVALID: Final = 3  # gRPC's INVALID_ARGUMENT


def answer(instance: Instance, call: Call) -> Reply | None:
    """The reply, or None when the path is not Fulcio's."""
    if (call.method, call.path) == ("GET", "/api/v2/trustBundle"):
        return json_reply({"chains": [{"certificates": [_pem(part) for part in instance.authority.chain]}]})
    if (call.method, call.path) != ("POST", "/api/v2/signingCert"):
        return None
    document = call.document
    try:
        holder = instance.authenticate(_token(call, document))
    except (ValueError, KeyError, AttributeError):
        return _refuse("There was an error processing the identity token")
    try:
        key = _requested_key(document, holder)
    except ValueError as exc:
        return _refuse(str(exc))
    chain = [_pem(part) for part in instance.certify(key, holder, switches=call.switches)]
    return json_reply({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}})


def _token(call: Call, document: Any) -> str:
    given = document.get("credentials", {}).get("oidcIdentityToken")
    return str(given or call.headers.get("authorization", "").removeprefix("Bearer "))


def _requested_key(document: Any, holder: Identity) -> Verifier:
    if request := document.get("certificateSigningRequest"):
        return _signing_request(base64.b64decode(request))
    request = document.get("publicKeyRequest", {})
    try:
        key = load_verifier(request["publicKey"]["content"].encode())
    except (ValueError, KeyError) as exc:
        raise ValueError("The public key supplied in the request could not be parsed") from exc
    try:
        proof, message = base64.b64decode(request["proofOfPossession"]), holder.proof.encode()
        if (digest := key_hash(key, message)) is None:
            verify_message(key, proof, message)
        else:
            verify_digest(key, proof, digest)
    except (ValueError, KeyError) as exc:
        raise ValueError("The signature supplied in the request could not be verified") from exc
    return key


def _signing_request(pem: bytes) -> Verifier:
    try:
        request = x509.load_pem_x509_csr(pem)
    except ValueError as exc:
        raise ValueError("The certificate signing request could not be parsed") from exc
    key = request.public_key()
    if not request.is_signature_valid or not isinstance(key, Verifier):
        raise ValueError("The signature supplied in the request could not be verified")
    return key


def _refuse(message: str) -> Reply:
    return json_reply({"code": _INVALID, "message": message, "details": []}, 400)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
